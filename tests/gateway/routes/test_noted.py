from structlog.testing import capture_logs

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api

FAIL_AT_COMMIT = """
    create function gateway.fail() returns trigger language plpgsql
    as $$ begin raise exception 'no room left'; end $$;
    create constraint trigger fails after insert on gateway.job
      deferrable initially deferred for each row execute function gateway.fail();
"""


async def accepted(api: Api, client_id: str) -> tuple[int, list[str]]:
    with capture_logs() as lines:
        answer = await api.post("/api/process-client", json={"client_id": client_id})
    return answer.status_code, [line["event"] for line in lines]


async def test_what_is_committed_is_logged(api: Api, client_id: str):
    assert await accepted(api, client_id) == (200, ["job_accepted", "request"])


async def test_what_fails_at_its_commit_is_not(api: Api, client_id: str, admin: Connection):
    await admin.execute(FAIL_AT_COMMIT)
    status, facts = await accepted(api, client_id)
    assert (status, "job_accepted" in facts) == (500, False)
