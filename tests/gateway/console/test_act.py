"""Acting from a page: the interface's own rules, once, and a sentence about it."""

from tests.gateway.console.conftest import Console


async def test_signing_in_is_audited(console: Console):
    connection = await console.database.connect("gateway")
    rows = await connection.fetch("select actor, action from audit")
    assert [tuple(row) for row in rows] == [("env:admin", "console.sign_in")]
