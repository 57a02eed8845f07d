"""A backup restored into an empty server, then everything said again: nothing is given or sent twice."""

import re
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from deploy.local import postgres
from deploy.local.settings import SERVICES
from tests.support.stack import Stack, running_stack, until

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(240)]

CLIENTS = 12
ASSIGNMENTS = "select * from assigner.assignment order by client_id, home_key"
MAILS = "select id, state, message_id, attempts from notifier.mail order by id"
UNSAID = " union all ".join(
    f"select count(*) from {schema}.outbox where published_at is null"  # noqa: S608 - our own schemas
    for schema in SERVICES
)
UNDER_WAY = (
    "select count(*) from notifier.mail where state in ('pending', 'claimed', 'handing_off')"
)

SAID = " union all ".join(f"select topic from {schema}.outbox" for schema in SERVICES)  # noqa: S608
HEARS = {
    "scraper": {"client.process"},
    "assigner": {"properties.ready"},
    "notifier": {"properties.assigned", "client.registered"},
    "gateway": {"properties.ready", "properties.assigned", "step.progressed", "mail.settled"},
}


@pytest.fixture
async def restored(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[tuple[Stack, list[object], list[object], str]]:
    """The stack on a restored backup, and what its predecessor had given and sent."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    async with running_stack(first) as stack:
        clients = [await stack.register(n, addresses_per_report=5) for n in range(CLIENTS)]
        for job_id in [await stack.start_job(client_id) for client_id in clients]:
            await stack.finished(job_id)
        await until(lambda: quiet(stack), 60)
        assignments, mails = await stack.query(ASSIGNMENTS), await stack.query(MAILS)
        backup(stack.state()["urls"]["database"], first)
    restore(first, second / "postgres")
    async with running_stack(second) as stack:
        yield stack, assignments, mails, clients[0]


async def test_a_restored_backup_gives_and_sends_nothing_twice(
    restored: tuple[Stack, list[object], list[object], str],
) -> None:
    stack, assignments, mails, client_id = restored
    assert len(assignments) == CLIENTS * 5
    assert "events will be published again" in (stack.folder / "up.log").read_text()

    await until(lambda: quiet(stack), 90)
    await until(lambda: heard_again(stack), 60)

    assert await stack.query(ASSIGNMENTS) == assignments
    assert await stack.query(MAILS) == mails
    assert stack.mails() == []

    job = await stack.finished(await stack.start_job(client_id))

    assert (job["status"], job["properties_assigned"]) == ("completed", 5)
    assert len(await stack.query(ASSIGNMENTS)) == len(assignments) + 5
    assert len(stack.mails()) == 1


def backup(url: str, folder: Path) -> None:
    """As docs/operations.md says it: the roles of the server, and the database."""
    run("pg_dumpall", "--roles-only", f"--dbname={url}", f"--file={folder / 'roles.sql'}")
    run("pg_dump", "--format=custom", f"--dbname={url}", f"--file={folder / 'trackimmo.dump'}")


def restore(folder: Path, data_dir: Path) -> None:
    server = postgres.start(data_dir)
    try:
        roles = (folder / "roles.sql").read_text().replace("CREATE ROLE postgres;", "")
        (folder / "ours.sql").write_text(roles)
        run(
            "psql",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            f"--file={folder / 'ours.sql'}",
            server.url(),
        )
        run(
            "pg_restore",
            "--exit-on-error",
            f"--dbname={server.url()}",
            f"{folder / 'trackimmo.dump'}",
        )
    finally:
        server.stop()


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(postgres.program(program)), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


async def quiet(stack: Stack) -> bool:
    """Nothing unpublished, no mail under way."""
    return not any(row["count"] for row in await stack.query(f"{UNSAID} union all {UNDER_WAY}"))


async def heard_again(stack: Stack) -> bool:
    """Every consumer has met each event a second time."""
    said = [row["topic"] for row in await stack.query(SAID)]
    for service, topics in HEARS.items():
        page = await stack.api.get(f"{stack.state()['urls'][f'{service}.probes']}/metrics")
        again = re.search(r"^trackimmo_inbox_duplicates_total (\S+)$", page.text, re.MULTILINE)
        if not again or float(again[1]) < sum(topic in topics for topic in said):
            return False
    return True
