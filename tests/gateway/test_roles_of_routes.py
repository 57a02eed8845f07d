"""Who may what: every route, every method, everybody who might come. A new route is asked too."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from litestar import Litestar

from libs import links
from services.gateway.domain import secret
from services.gateway.routes.console.session import COOKIE
from services.gateway.routes.keys import ADMIN_HEADER, API_HEADER
from tests.browser.world import World, furnish, named
from tests.gateway.knocking import Answer, Headers, Knock, answers, knocks, over, stored
from tests.gateway.routes.conftest import ADMIN_KEY, speak_to
from tests.support.database import Database

SECRET: Final = "signs-links"
FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")
KNOCKING: Final = ("POST", "/console/sign-in")
"""Open to everybody, and wants a key all the same."""
REFUSED: Final = {303, 401, 403, 404, 405}
MINE, THEIRS = named("client"), named("client hostile")

ROLES: Final = (
    "nobody", "agent", "client key", "admin key", "operator", "forged form", "left", "revoked",
)  # fmt: skip
EVERYBODY: Final = frozenset(ROLES)
NOBODY: Final[frozenset[str]] = frozenset()

OPENS: Final[Mapping[str, frozenset[str]]] = {
    "/health": EVERYBODY,
    "/live": EVERYBODY,
    "/ready": EVERYBODY,
    "/version": EVERYBODY,
    "/docs": EVERYBODY,
    "/redoc": EVERYBODY,
    "/openapi.json": EVERYBODY,
    "/asyncapi": EVERYBODY,
    "/assets/": EVERYBODY,
    "/api/": frozenset({"client key"}),
    "/api/health": EVERYBODY,
    "/admin/": frozenset({"admin key"}),
    "/console": frozenset({"operator"}),
    "/console/sign-in": EVERYBODY,
    "/console/language": EVERYBODY,
    "/c/": frozenset({"agent"}),
    "/u/": frozenset({"agent"}),
}
"""The longest beginning of a path decides; what stands under none of these opens to nobody."""


def opens(knock: Knock, role: str) -> bool:
    """Whether this knock of this role is to be let in."""
    known = [prefix for prefix in OPENS if knock.route.startswith(prefix)]
    who = OPENS[max(known, key=len)] if known else NOBODY
    if role == "forged form":  # signed in: may look, may not act
        may_look = knock.method in {"GET", "HEAD"} and "operator" in who
        return may_look or role in who
    return role in who


def is_refused(knock: Knock, answer: Answer) -> bool:
    """As what stands there refuses: with a status, or the way to the form that lets in."""
    if knock.route.startswith("/console") and knock.method in {"GET", "HEAD"}:
        return answer.status == 303 and answer.location.startswith("/console/sign-in")
    if knock.route.startswith(("/c/", "/u/")):
        return answer.status == 404
    return answer.status in {401, 403}


@pytest.fixture
def app(database: Database) -> Litestar:
    return over(database)


async def session(app: Litestar, key: str) -> tuple[str, str]:
    """A cookie and what forms of its session carry."""
    browser = speak_to(app)
    browser.headers.clear()
    answer = await browser.post("/console/sign-in", data={"key": key})
    assert answer.status_code == 303, answer.text
    page = (await browser.get("/console/no-such-page")).text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    return browser.cookies[COOKIE], found[1]


async def handed_out(database: Database, scope: str) -> str:
    """A key that the database knows, and nobody's configuration."""
    key = secret.new(lambda size: bytes([len(scope)]) * size)
    connection = await database.connect("gateway")
    await connection.execute(
        """insert into api_key (name, prefix, key_hash, scopes, last_used_at)
           values ('x', $1, sha256($2), $3, public.clock())""",
        secret.prefix(key), key.encode(), [scope],
    )  # fmt: skip
    return key


async def brought(role: str, app: Litestar, database: Database) -> tuple[Headers, bytes]:
    """What somebody of this role comes with, shown wherever it might be looked at."""
    match role:
        case "agent":
            token = link("page")
            shown = [(name, token) for name in (API_HEADER, ADMIN_HEADER, "Authorization")]
            return [*shown, ("Cookie", f"{COOKIE}={token}")], b""
        case "client key":
            key = await handed_out(database, "client")
            return [(API_HEADER, key), (ADMIN_HEADER, key), ("Cookie", f"{COOKIE}={key}")], b""
        case "admin key":
            return [(ADMIN_HEADER, ADMIN_KEY), ("Cookie", f"{COOKIE}={ADMIN_KEY}")], b""
        case "operator" | "forged form":
            cookie, csrf = await session(app, ADMIN_KEY)
            form = f"csrf={csrf}" if role == "operator" else f"csrf={csrf[::-1]}"
            return [("Cookie", f"{COOKIE}={cookie}"), FORM], form.encode()
        case "left" | "revoked":
            return await _over(role, app, database)
        case _:
            return [], b""


async def _over(role: str, app: Litestar, database: Database) -> tuple[Headers, bytes]:
    """A session that was one."""
    cookie, csrf = await session(app, await handed_out(database, "admin"))
    connection = await database.connect("gateway")
    if role == "left":
        await connection.execute("delete from console_session")
    else:
        await connection.execute("update api_key set revoked_at = public.clock()")
    return [("Cookie", f"{COOKIE}={cookie}"), FORM], f"csrf={csrf}".encode()


def link(purpose: links.Purpose, secret_key: str = SECRET) -> str:
    return links.sign(secret_key, purpose, MINE, datetime.now(UTC))


def ids(world: World, role: str) -> dict[str, Any]:
    """Of the world, by the names that routes give them; others have a link that we did not sign."""
    service, letter = world.dead_letters[0]
    token = link("page", SECRET if role == "agent" else "of another")
    return {
        "client_id": MINE, "job_id": world.jobs[0], "mail_id": world.mails[0], "service": service,
        "letter_id": letter, "held_id": letter, "insee": "01053", "insee_code": "01053",
        "import_id": world.imports[0], "key_id": world.api_keys[0], "kind": "welcome",
        "address_id": world.address_ids[0], "refresh_id": named("refresh done"),
        "opposition_id": named("opposition"), "token": token,
    }  # fmt: skip


def everywhere(app: Litestar, world: World, role: str) -> list[Knock]:
    """Every knock; pages to unsubscribe have links of their own."""
    known = ids(world, role)
    ours = knocks(app, known)
    if role != "agent":
        return ours
    theirs = knocks(app, {**known, "token": link("unsubscribe")})
    return [b if b.route.startswith("/u/") else a for a, b in zip(ours, theirs, strict=True)]


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_opens_to_who_should_not(
    database: Database, app: Litestar, role: str
) -> None:
    admin = await database.connect()
    asked = everywhere(app, await furnish(admin), role)
    headers, body = await brought(role, app, database)
    closed = [each for each in asked if each.declared and not opens(each, role)]
    before = await stored(admin)

    said = await answers(app, closed, headers, body)
    strange = await answers(app, [each for each in asked if not each.declared], headers, body)
    assert {k: a for k, a in said.items() if not is_refused(k, a)} == {}
    assert {k: a for k, a in strange.items() if a.status not in REFUSED} == {}
    assert await stored(admin) == before, "what is refused changes nothing"

    opened = [each for each in asked if each.declared and opens(each, role)]
    let_in = await answers(app, opened, headers, body)
    let_in = {k: a for k, a in let_in.items() if (k.method, k.route) != KNOCKING}
    assert {k: a for k, a in let_in.items() if a.status in {401, 403} or a.status >= 500} == {}


async def test_an_agent_sees_and_changes_nothing_of_another(
    database: Database, app: Litestar
) -> None:
    admin = await database.connect()
    world = await furnish(admin)
    strangers = {**ids(world, "agent"), "address_id": named("home 1"), "client_id": THEIRS}
    asked = [each for each in knocks(app, strangers) if each.route.startswith("/c/{")]
    theirs = [each for each in asked if each.declared and each.route.count("{") > 1]
    before = await stored(admin)
    hers = [str(THEIRS), *(str(named(f"home {number}")) for number in range(1, 5))]
    assert {each.method for each in theirs} >= {"GET", "POST"}
    said = await answers(app, theirs, [FORM], b"status=sold&notes=mine")
    assert {k: a for k, a in said.items() if a.status != 404} == {}
    assert await stored(admin) == before

    agent = speak_to(app)
    for each in asked:
        if each.declared and each.method == "GET" and each not in theirs:
            answer = await agent.get(each.path)
            assert answer.status_code == 200, each
            assert not [each for each in hers if each in answer.text]


async def test_a_form_from_another_site_is_refused(database: Database, app: Litestar) -> None:
    admin = await database.connect()
    asked = everywhere(app, await furnish(admin), "operator")
    headers, body = await brought("operator", app, database)
    acting = [k for k in asked if k.declared and k.method == "POST" and "/console" in k.route]
    before = await stored(admin)
    for elsewhere in (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-site")):
        said = await answers(app, acting, [*headers, elsewhere], body)
        assert {k: a for k, a in said.items() if a.status != 403} == {}
    assert await stored(admin) == before


@pytest.mark.parametrize("key", ["", "wrong", "a-key-for-agents", "client"])
async def test_only_a_key_of_operators_signs_in(
    database: Database, app: Litestar, key: str
) -> None:
    shown = await handed_out(database, key) if key == "client" else key
    answer = await speak_to(app).post("/console/sign-in", data={"key": shown})
    assert answer.status_code in {401, 403}
    assert COOKIE not in answer.cookies
