"""What docs/operations.md has people do by hand to the assigner's schema."""

import re
from pathlib import Path

from tests.assigner.stock import add, assigned, ready, street
from tests.support.database import Database

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
SECTION = re.compile(r"## A reset that was a mistake\n.*?```sql\n(.*?)```", re.DOTALL)


async def test_a_reset_is_given_back_as_the_page_says(database: Database):
    await add(database, street(4))
    asked = ready(count=4)
    await assigned(await database.connect("assigner"), asked)
    gateway, client = await database.connect("gateway"), asked.event.client_id
    delivered = "select * from assigner.delivered order by home_key"
    before = await gateway.fetch(delivered)
    await gateway.execute("select assigner.reset($1)", client)
    found = SECTION.search(PAGE.read_text())
    assert found
    look, restore = found[1].replace(":'client'", f"'{client}'").strip().splitlines()

    operator = await database.connect()
    [row] = await operator.fetch(look)
    restored = await operator.fetchval(restore)

    assert (row["addresses"], restored) == (4, 4)
    assert await gateway.fetch(delivered) == before
