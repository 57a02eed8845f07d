"""A service writes its own schema and no other; what it may read elsewhere is a short list."""

import pytest

from tests.support.database import Database

SCHEMAS = ("gateway", "scraper", "assigner", "notifier", "scheduler")

TABLES = """
    select c.relname, c.relkind from pg_class c
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
    order by 1
"""
WRITES = """
    select array_agg(privilege order by privilege)
    from unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
    where has_table_privilege($1, $2, privilege)
"""
FUNCTIONS = """
    select p.oid::regprocedure::text as signature from pg_proc p
    where p.pronamespace = $2::regnamespace and has_function_privilege($1, p.oid, 'execute')
      and has_schema_privilege($1, p.pronamespace, 'usage')
"""

STANDS_STILL = """
    select extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval)
             * 1000 as milliseconds,
           current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_count')::int
             * current_setting('tcp_keepalives_interval')::int as alive
"""

MAY_READ = {
    ("scraper", "assigner"): {"delivered"},
    ("assigner", "scraper"): {"candidate", "opposed"},
    ("notifier", "gateway"): {"client_contact"},
    ("notifier", "assigner"): {"delivered"},
    ("notifier", "scraper"): {"place_overview", "opposed"},
    ("gateway", "scraper"): {
        "place_overview",
        "refresh_overview",
        "stock_overview",
        "city_overview",
        "city_year_overview",
        "department_overview",
        "commune_outline",
        "price_history",
        "opposed",
        "opposition_overview",
        "held",
        "health",
    },
    ("gateway", "assigner"): {"delivered", "followed", "held", "health"},
    ("gateway", "notifier"): {
        "mail_overview",
        "mail_detail",
        "mail_addressee",
        "mail_preview",
        "smtp_config",
        "suppressed",
        "tick_handled",
        "held",
        "health",
    },
    ("gateway", "scheduler"): {"tick_overview", "held", "health"},
}
HELD = {"replay_held", "discard_held", "replay_outbox"}
MAY_CALL = {
    ("assigner", "scraper"): {"department_of"},
    ("notifier", "gateway"): {"due_clients"},
    ("gateway", "scraper"): {
        "comparables",
        "request_import",
        "oppose",
        "lift_opposition",
        "request_refresh",
        "stock_of",
        *HELD,
    },
    ("gateway", "assigner"): {
        "follow_up",
        "reset",
        "forget_choices",
        "preview_choice",
        "record_history",
        *HELD,
    },
    ("scraper", "assigner"): {"record_history"},
    ("gateway", "notifier"): {
        "adopt_test_mails",
        "request_preview",
        "request_test_mail",
        "resolve",
        "resume",
        "suppress",
        *HELD,
    },
    ("gateway", "scheduler"): {"request_tick", *HELD},
}

PAIRS = [(role, schema) for role in SCHEMAS for schema in SCHEMAS if role != schema]


@pytest.mark.parametrize("role, schema", PAIRS)
async def test_no_service_can_write_anothers_tables(
    database: Database, role: str, schema: str
) -> None:
    admin = await database.connect()
    tables = [row["relname"] for row in await admin.fetch(TABLES, schema)]

    writable = {t: await admin.fetchval(WRITES, role, f"{schema}.{t}") for t in tables}

    assert tables
    assert {t: rights for t, rights in writable.items() if rights} == {}


@pytest.mark.parametrize("role, schema", PAIRS)
async def test_a_service_reads_of_another_only_what_is_granted_by_name(
    database: Database, role: str, schema: str
) -> None:
    admin = await database.connect()
    readable = {
        row["relname"]
        for row in await admin.fetch(TABLES, schema)
        if await admin.fetchval(
            "select has_table_privilege($1, $2, 'select') and has_schema_privilege($1, $3, 'usage')",
            role,
            f"{schema}.{row['relname']}",
            schema,
        )
    }

    assert readable <= MAY_READ.get((role, schema), set())


@pytest.mark.parametrize("role, schema", PAIRS)
async def test_a_service_calls_of_another_only_what_is_granted_by_name(
    database: Database, role: str, schema: str
) -> None:
    admin = await database.connect()
    callable_ = {
        row["signature"].split("(")[0].split(".")[-1]
        for row in await admin.fetch(FUNCTIONS, role, schema)
    }

    assert callable_ == MAY_CALL.get((role, schema), set())


@pytest.mark.parametrize("role", SCHEMAS)
async def test_a_service_works_in_its_own_schema_and_cannot_change_it(
    database: Database, role: str
) -> None:
    connection = await database.connect(role)

    assert await connection.fetchval("select current_schema()") == role
    assert await connection.fetchval("select has_table_privilege('outbox', 'insert')")
    assert not await connection.fetchval("select has_schema_privilege(current_schema(), 'create')")
    assert not await connection.fetchval("select has_schema_privilege('public', 'create')")
    assert not await connection.fetchval(
        "select rolsuper from pg_roles where rolname = current_user"
    )


async def test_no_function_with_its_owners_rights_looks_at_a_callers_tables_first(
    database: Database,
) -> None:
    admin = await database.connect()
    open_ = await admin.fetch(
        """select oid::regprocedure::text from pg_proc
           where prosecdef and pronamespace = any($1::regnamespace[])
             and not exists (select from unnest(proconfig) as setting
                             where setting like 'search_path=%, pg_temp')""",
        SCHEMAS,
    )
    assert open_ == []


@pytest.mark.parametrize("service", SCHEMAS)
async def test_a_session_whose_process_stands_still_frees_what_it_holds(
    service: str, database: Database
) -> None:
    session = await database.connect(service)
    row = await session.fetchrow(STANDS_STILL)
    assert row is not None
    assert 0 < row["milliseconds"] <= 60_000
    assert row["alive"] <= 60
