"""Keys, the audit and the settings in the console."""

import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from structlog.testing import capture_logs

from libs.common.postgres import Connection
from services.gateway.build import commit
from services.gateway.pages.wording import LANGUAGES, spoken
from services.gateway.repository.console import topics
from services.gateway.settings import GatewaySettings
from tests.gateway.console.conftest import Console, Visitor, found
from tests.gateway.routes.conftest import ADMIN_KEY, API_KEY

LINE = re.compile(r"title=\"(r\d+)\"")
SETTING = re.compile(r"<code>([A-Z_]+)</code></th><td>(.*?)</td>")
KEY = re.compile(r'id="new-key">(tik_[A-Za-z0-9_-]+)<')
KEYS = "/console/keys"


async def made(console: Console, name: str = "CRM", *scopes: str) -> str:
    """A key that was made on the page, as it was shown."""
    form: dict[str, Any] = {"name": name, "scopes": list(scopes or ("client",))}
    answer = await console.post(KEYS, form)
    assert answer.status_code == 200, answer.text
    return found(KEY, answer.text)


async def test_a_key_is_shown_once_and_kept_nowhere(console: Console, conn: Connection) -> None:
    with capture_logs() as lines:
        key = await made(console, "<b>CRM</b>")
    again = (await console.get(KEYS)).text
    assert key not in again
    assert "&lt;b&gt;CRM&lt;/b&gt;" in again
    assert key not in str(lines)
    rows = [*await conn.fetch("select * from api_key"), *await conn.fetch("select * from audit")]
    rows += await conn.fetch("select * from console_session")
    rows += await conn.fetch("select convert_from(body, 'UTF8') from idempotency")
    assert key not in str([dict(row) for row in rows])


async def test_a_form_sent_twice_makes_one_key(console: Console, conn: Connection) -> None:
    form = {"name": "CRM", "scopes": "client", "once": str(uuid4())}
    first = await console.post(KEYS, form)
    second = await console.post(KEYS, form)
    assert "new-key" in first.text
    assert "made and shown already" in await console.follow(second)
    assert await conn.fetchval("select count(*) from api_key") == 1


async def test_what_is_wrong_with_a_key_is_told(console: Console, conn: Connection) -> None:
    page = await console.follow(await console.post(KEYS, {"name": " "}))
    assert "check at least one box" in page
    assert await conn.fetchval("select count(*) from api_key") == 0


async def test_revoking_asks_and_takes_effect_at_once(
    console: Console, visitor: Visitor, conn: Connection
) -> None:
    key = await made(console, "Jeanne", "admin")
    other = await visitor()
    assert (await other.sign_in(key)).status_code == 303
    assert (await other.get(KEYS)).status_code == 200
    key_id, prefix = await conn.fetchrow("select id, prefix from api_key") or ("", "")
    path, form = f"{KEYS}/{key_id}/revoke", {"prefix": prefix}

    unasked = await console.follow(await console.post(path, {**form, "confirmation": "yes"}))
    assert "nothing was done" in unasked
    assert (await other.get(KEYS)).status_code == 200
    done = await console.follow(await console.post(path, {**form, "confirmation": prefix}))
    assert "it opens nothing any more" in done
    assert (await other.get(KEYS)).status_code == 303
    assert (await other.http.post(path, data=form)).status_code == 403


async def test_the_audit_is_filtered_and_paged_by_where_one_stands(
    console: Console, admin: Connection
) -> None:
    await admin.execute("""
        insert into gateway.audit (at, actor, action, target, request_id)
        select public.clock() - n * interval '1 day', 'tik_' || n % 2, 'job.retry', n::text, 'r' || n
        from generate_series(119, 0, -1) as n""")
    first = (await console.get("/console/audit?actor=tik_1")).text
    assert len(re.findall(LINE, first)) == 50
    older = found(re.compile(r'rel="next" href="([^"]+)"'), first).replace("&amp;", "&")
    await admin.execute("insert into gateway.audit (actor, action, target, request_id)"
                        " values ('tik_1', 'job.retry', 'new', 'r-new')")  # fmt: skip
    second = (await console.get(older)).text
    assert len(re.findall(LINE, second)) == 10
    assert not set(re.findall(LINE, first)) & set(re.findall(LINE, second))
    assert 'rel="next"' not in second


async def test_the_audit_of_a_day_and_of_a_target(console: Console, admin: Connection) -> None:
    job_id, held_id = uuid4(), uuid4()
    await admin.execute("""
        insert into gateway.audit (at, actor, action, target, request_id) values
          ('2026-10-24 21:59:59Z', 'a', 'job.retry', $1, 'before'),
          ('2026-10-24 22:00:00Z', 'a', 'job.retry', $1, 'morning'),
          ('2026-10-25 22:59:59Z', 'a', 'job.cancel', $1, 'evening'),
          ('2026-10-25 23:00:00Z', 'a', 'dead_letter.replay', 'scraper/' || $2, 'after')""",
        str(job_id), str(held_id))  # fmt: skip
    day = (await console.get(f"/console/audit?day={date(2026, 10, 25)}")).text
    assert [f'title="{word}"' in day for word in ("before", "morning", "evening", "after")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert f'href="/console/jobs/{job_id}"' in day
    target = (await console.get(f"/console/audit?target={held_id}&action=dead_letter.replay")).text
    assert f'href="/console/dead-letters/scraper/{held_id}"' in target
    assert "morning" not in target
    assert (await console.get("/console/audit?day=yesterday")).status_code == 422


async def test_hostile_targets_lead_nowhere(console: Console, admin: Connection) -> None:
    await admin.execute("""
        insert into gateway.audit (actor, action, target, request_id, detail) values
          ('<script>ran(1)</script>', 'job.retry', '../keys"><script>', '', '{"<i>": "<b>"}'),
          ('a', 'city.refresh', '', '', '{"insee_code": "../../x"}')""")
    page = (await console.get("/console/audit")).text
    assert "<script>ran" not in page
    assert "<b>" not in page
    assert 'href="/console/jobs/..' not in page
    assert 'href="/console/cities/..%2F..%2Fx"' in page


async def test_without_rows_the_pages_say_so(console: Console) -> None:
    assert "sign" in (await console.get("/console/audit")).text  # signing in is a row itself
    assert "widen the filters" in (await console.get("/console/audit?actor=nobody")).text
    assert "No key has been made yet" in (await console.get(KEYS)).text


async def test_the_settings_in_use_show_no_secret(visitor: Visitor) -> None:
    secret = "n0body-sees-th1s"
    console = await visitor(
        map_tiles_url="https://u:p4ss@tiles.example/{z}/{x}/{y}.png?token=t0ken",
        map_tiles_attribution="© <b>",
        kafka_sasl_password=secret,
        public_base_url="",
    )
    await console.sign_in()
    page = (await console.get("/console/settings")).text
    for hidden in (secret, ADMIN_KEY, API_KEY, "p4ss", "t0ken", "signs-links"):
        assert hidden not in page
    assert "https://u@tiles.example/" in page
    assert "© &lt;b&gt;" in page
    rows = {each[0]: each[1] for each in SETTING.findall(page)}
    assert rows["KAFKA_SASL_PASSWORD"] == "set (masked)"
    assert rows["ADMIN_API_KEY"] == "set (masked)"
    assert rows["PUBLIC_BASE_URL"] == "empty"
    assert "missing" not in page


async def test_every_setting_is_explained_in_both_languages() -> None:
    for locale in LANGUAGES:
        words = spoken(locale, "settings").words
        assert [
            name for name in GatewaySettings.__struct_fields__ if f"about_{name}" not in words
        ] == []


async def test_the_parts_are_told_without_asking_the_bus(
    console: Console, conn: Connection
) -> None:
    await topics.store(conn, None)
    page = (await console.get("/console/settings")).text
    assert "Has not answered since the start" in page
    looked = (await console.get("/console/settings?look=true")).text
    assert "1 broker" in looked


def test_a_commit_is_read_from_the_repository(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "packed-refs").write_text("# pack\nabc refs/heads/other\ndef refs/heads/main\n")
    assert commit.__wrapped__(tmp_path) == "def"
    (tmp_path / "refs/heads").mkdir(parents=True)
    (tmp_path / "refs/heads/main").write_text("123\n")
    assert commit.__wrapped__(tmp_path) == "123"
    (tmp_path / "HEAD").write_text("456\n")
    assert commit.__wrapped__(tmp_path) == "456"
