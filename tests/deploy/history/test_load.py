"""What clients received from the old system is not repeated, whenever its door is known."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.history import load as loading
from deploy.history.load import Outcome, Refused, load
from deploy.history.table import Row
from libs.common.postgres import Connection
from tests.support.database import Database

ANNE, BERT = UUID(int=1), UUID(int=2)
HOMES = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, superseded,
      address, postal_code, city_name, price_eur, source, edition, file_sha256, line)
    select id, id, code || address || id, code, '2019-05-02', 'house', true, true, false, address, '',
           '', 1, '', '', repeat('0', 64), 1
    from (select gen_random_uuid() as id, code, address
          from unnest($1::text[], $2::text[]) as t(code, address)) as home
"""
GIVEN = """
    select client_id, p.insee_code || ' ' || p.address as home,
           (assigned_at at time zone 'Europe/Paris')::date::text as given_on
    from assigner.assignment join scraper.property p using (home_key)
    order by client_id, home
"""
PLACES = [
    ("01053", "Bourg-en-Bresse", ["01000"], None, []),
    ("01245", "Saint-Denis-lès-Bourg", ["01000"], None, []),
    ("01004", "Ambérieu-en-Bugey", ["01500"], None, ["01999"]),
    ("75056", "Paris", ["75001", "75004"], ["75101", "75104"], []),
    ("75101", "Paris 1er Arrondissement", ["75001"], None, []),
    ("75104", "Paris 4e Arrondissement", ["75004"], None, []),
    ("2A004", "Ajaccio", ["20000", "20090"], None, []),
]


@pytest.fixture
async def admin(database: Database) -> Connection:
    connection = await database.connect()
    await connection.executemany(
        "insert into scraper.place (insee_code, city_id, name, postal_codes, department, region,"
        " search, expands_to, former_codes) values ($1, gen_random_uuid(), $2, $3, '', '', $1, $4, $5)",
        PLACES,
    )
    for client, mail in ((ANNE, "anne@agence.fr"), (BERT, "Bert@agence.fr")):
        await connection.execute(
            "insert into gateway.client (id, first_name, last_name, email, subscription_type,"
            " send_day, chosen_cities, property_type_preferences, active_since)"
            " values ($1, 'A', 'B', $2, 'pro', 1, '{01053}', '{house}', '2024-01-01')",
            client,
            mail,
        )
    await homes(connection, "01053 12 B RUE DE LA REPUBLIQUE", "01053 12 B RUE DE LA REPUBLIQUE")
    await homes(connection, "01053 12 RUE DE LA REPUBLIQUE", "75104 3 RUE DE RIVOLI")
    return connection


async def homes(admin: Connection, *told: str) -> None:
    pairs = [one.split(" ", 1) for one in told]
    await admin.execute(HOMES, [code for code, _ in pairs], [address for _, address in pairs])


def told(line: int = 2, **changes: Any) -> Row:
    fields: dict[str, Any] = {
        "line": line, "email": "anne@agence.fr", "address": "12 bis, rue de la République",
        "insee": "01053", "delivered_on": date(2024, 5, 31),
    }  # fmt: skip
    return Row(**(fields | changes))


async def imported(admin: Connection, *rows: Row) -> Outcome:
    """What an import of these rows says, on a session of its own."""
    for table in ("told", "taken", "named"):
        await admin.execute(f"drop table if exists {table}")
    await admin.execute("drop function if exists pg_temp.town(text)")
    return await load(admin, rows, lambda _: None)


async def test_every_home_at_the_address_counts_as_received(admin: Connection):
    outcome = await imported(admin, told())

    given = [tuple(row) for row in await admin.fetch(GIVEN)]
    assert given == [(ANNE, "01053 12 B RUE DE LA REPUBLIQUE", "2024-05-31")] * 2
    assert (outcome.rows, outcome.new, outcome.taken, outcome.found) == (1, 1, 1, 1)


async def test_told_twice_it_is_told_once(admin: Connection):
    rows = [told(2), told(3, address="12B R DE LA REPUBLIQUE"), told(4, email="bert@agence.fr")]

    first, again = [await imported(admin, *rows) for _ in range(2)]

    assert (first.new, first.taken) == (2, 3)
    assert (again.new, again.taken, again.found) == (0, 3, 3)
    assert await admin.fetchval("select count(*) from assigner.assignment") == 4


@pytest.mark.parametrize(
    "changes, place",
    [
        ({"insee": "01999"}, "01004"),
        ({"insee": "", "postal_code": "01000", "city": "BOURG EN BRESSE"}, "01053"),
        ({"insee": "", "postal_code": "01000", "city": "St Denis les Bourg"}, "01245"),
        ({"insee": "", "postal_code": "01000", "city": "Bourg-en-Bresse CEDEX 2"}, "01053"),
        ({"insee": "", "postal_code": "01500"}, "01004"),
        ({"insee": "", "postal_code": "75004", "city": "Paris"}, "75104"),
        ({"insee": "", "postal_code": "75004", "city": "PARIS 4"}, "75104"),
        ({"insee": "75056"}, "75056"),
        ({"insee": "", "postal_code": "20090", "city": "Ajaccio"}, "2A004"),
    ],
)
async def test_a_commune_is_told_by_its_code_or_its_name(
    admin: Connection, changes: dict[str, Any], place: str
):
    await imported(admin, told(**changes))

    assert await admin.fetchval("select insee_code from scraper.past_delivery") == place


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"email": ""}, "names no client"),
        ({"email": "nobody@agence.fr"}, "no client has this mail address"),
        ({"email": "", "client_id": UUID(int=9)}, "no client has this client_id"),
        ({"insee": "99999"}, "no commune has this INSEE code"),
        ({"insee": ""}, "names no commune"),
        ({"insee": "", "postal_code": "01000"}, "do not tell one commune"),
        ({"insee": "", "postal_code": "01000", "city": "Lyon"}, "do not tell one commune"),
        ({"address": "rue de la République"}, "names no door"),
        ({"delivered_on": date(2999, 1, 1)}, "is of a day to come"),
        ({"reason": "has 3 fields"}, "has 3 fields"),
    ],
)
async def test_what_is_not_taken_is_named_with_its_line(
    admin: Connection, changes: dict[str, Any], reason: str
):
    outcome = await imported(admin, told(7, **changes), told(8))

    assert (outcome.taken, [one.line for one in outcome.refused]) == (1, [7])
    assert reason in outcome.refused[0].reason


async def test_a_door_that_a_load_brings_later_is_not_repeated_either(
    admin: Connection, database: Database
):
    outcome = await imported(admin, told(address="99 rue Haute"), told(3))
    await homes(admin, "01053 99 RUE HAUTE", "01053 99 RUE HAUTE")
    scraper = await database.connect("scraper")

    await scraper.execute("select recall_doors('{01053}', false)")

    assert (outcome.taken, outcome.found) == (2, 1)
    given = [row["home"] for row in await admin.fetch(GIVEN)]
    assert given.count("01053 99 RUE HAUTE") == 2


async def test_an_address_in_paris_is_found_in_its_arrondissements(admin: Connection):
    outcome = await imported(admin, told(insee="75056", address="3 rue de Rivoli, 75004 Paris"))

    assert outcome.found == 1


async def test_many_rows_come_in_batches(admin: Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "BATCH", 7)
    seen: list[str] = []

    rows = [told(line, address=f"{line} rue Haute") for line in range(2, 22)]
    rows[3] = told(5, address="nowhere")
    outcome = await load(admin, rows, seen.append)

    assert seen[:3] == ["7 of 20 rows", "14 of 20 rows", "20 of 20 rows"]
    assert seen[3:] == ["doors of 1 of 1 communes"]
    assert (outcome.rows, outcome.new, outcome.taken) == (20, 19, 19)
    assert outcome.refused == (Refused(5, outcome.refused[0].reason),)


def test_the_command_tells_what_became_of_every_row(
    admin: Connection, database: Database, tmp_path: Path
):
    file = tmp_path / "old.csv"
    file.write_text(
        "mail,adresse,code_insee,date\n"
        "anne@agence.fr,12 bis rue de la République,1053,31/05/2024\n"
        "anne@agence.fr,1 rue Perdue,1053,\n"
        "nobody@agence.fr,12 rue Haute,1053,\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "deploy.history", str(file)],
        env={**os.environ, "MIGRATE_DATABASE_URL": database.url()},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stdout.startswith("3 rows: 2 taken (2 new), 1 refused.\n1 of them")
    assert "line 4: no client has this mail address" in done.stderr
    assert "nobody@" not in done.stderr + done.stdout
