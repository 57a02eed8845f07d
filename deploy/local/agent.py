"""An estate agent who uses the REST API, as the demo plays one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx
import msgspec

from deploy.local.settings import Stack

T = TypeVar("T")

POLL: Final = 0.05
PATIENCE: Final = 3
PATIENCE_FOR_CITIES: Final = 120
SUSPECTS: Final = {"scrape": "scraper", "assign": "assigner", "mail": "notifier"}


class StoryError(Exception):
    """The story did not end well; the text says where."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent got."""

    addresses: Sequence[dict[str, Any]]
    mail: Path

    def shown(self) -> str:
        """The addresses as a table, and where the mail lies."""
        lines = [
            f"{a['sale_date']}  {a['price']:>10,.0f} €  {a['property_type']:<10} "
            f"{a['address_raw']}, {a['postal_code']} {a['city_name']}"
            for a in self.addresses
        ]
        return "\n".join([*lines, "", f"The mail: {self.mail}"])


class Agent:
    """One client of these cities. `suspect` names the service that has the next move."""

    def __init__(
        self, stack: Stack, cities: Sequence[str], *, seconds: float, deaths: Mapping[str, int]
    ) -> None:
        self.stack = stack
        self.deaths = deaths
        self.cities = cities
        self.seconds = seconds
        self.suspect = "gateway"
        # A database that stays may know an agent of an earlier demo.
        self.email = f"camille.martin.{uuid4().hex[:8]}@agence.test"
        self._waiting_for = "the stack to start"
        self._shown = ""

    async def story(self) -> Delivery:
        """Register, be processed, get the mail, read the addresses."""
        key = {"X-API-Key": self.stack.environ["API_KEY"]}
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(base_url=self.stack.api_url, headers=key, timeout=30) as api,
            ):
                return await self._live(api)
        except TimeoutError:
            raise StoryError(f"it waited too long for {self._waiting_for}") from None
        except httpx.TransportError as error:
            raise StoryError(f"the API stopped answering: {error!r}") from error

    async def _live(self, api: httpx.AsyncClient) -> Delivery:
        await self._until("the gateway to be ready", lambda: _ready(api))
        self.suspect = "scraper"
        async with asyncio.timeout(PATIENCE_FOR_CITIES):
            await self._until(
                f"{', '.join(self.cities)} to be known as cities", lambda: self._cities_known(api)
            )
        self.suspect = "gateway"
        client = await self._register(api)
        started = _answer(await api.post("/api/process-client", json={"client_id": client}))
        job: str = started["job_id"]
        print(f"registered client {client}, job {job}", flush=True)
        await self._until("the job to end", lambda: self._job_ended(api, job))
        self.suspect = "notifier"
        mail = await self._until("the mail to arrive", self._find_mail)
        self.suspect = "gateway"
        listed = await api.get(f"/api/get-client-properties/{client}", params={"limit": 1000})
        addresses = _answer(listed)["properties"]
        if not addresses:
            raise StoryError("the mail arrived, but the API lists no address")
        return Delivery(addresses=addresses, mail=mail)

    async def _until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        self._waiting_for = what
        while not (found := await look()):
            self._give_up_on_the_dying()
            await asyncio.sleep(POLL)
        return found

    def _give_up_on_the_dying(self) -> None:
        for name, times in self.deaths.items():
            if times > PATIENCE:
                self.suspect = name
                raise StoryError(f"{name} has ended {times} times")

    async def _cities_known(self, api: httpx.AsyncClient) -> bool:
        if not await _cities(api, "0"):  # every code has one: the list is not loaded yet
            return False
        unknown = [code for code in self.cities if code not in await _cities(api, code)]
        if unknown:
            raise StoryError(f"no city has the INSEE code {' or '.join(unknown)}")
        return True

    async def _register(self, api: httpx.AsyncClient) -> str:
        asked = {
            "first_name": "Camille",
            "last_name": "Martin",
            "email": self.email,
            "company_name": "Agence de démonstration",
            "subscription_type": "pro",
            "send_day": 15,
            "chosen_cities": list(self.cities),
            "property_type_preferences": ["house", "apartment"],
        }
        return _answer(await api.post("/api/clients", json=asked))["client_id"]

    async def _job_ended(self, api: httpx.AsyncClient, job: str) -> bool:
        status = _answer(await api.get(f"/api/job-status/{job}"))
        progress = status["progress"]
        self.suspect = SUSPECTS.get(progress["step"], "gateway")
        steps = {name: step["state"] for name, step in progress["steps"].items() if step}
        shown = f"job {status['status']}: " + ", ".join(f"{k} {v}" for k, v in steps.items())
        if shown != self._shown:
            print(shown, flush=True)
            self._shown = shown
        if status["status"] in {"failed", "pending"}:
            raise StoryError(f"the job is {status['status']}: {status['error_message']}")
        if status["properties_assigned"] == 0:
            raise StoryError("no home in these cities was sold in the window")
        return status["status"] == "completed"

    async def _find_mail(self) -> Path | None:
        folder = self.stack.data_dir / "mail"
        for path in folder.glob(f"*-{self.email}-*.eml"):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            if "pour vous" in message["Subject"]:
                return path
        return None


async def _ready(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/ready")).is_success
    except httpx.TransportError:  # not there yet
        return False


async def _cities(api: httpx.AsyncClient, query: str) -> set[str]:
    """The INSEE codes of the cities that the API finds."""
    found = _answer(await api.get("/api/cities", params={"q": query}))
    return {city["insee_code"] for city in found}


def _answer(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    request = response.request
    raise StoryError(f"{request.method} {request.url.path}: {response.status_code} {response.text}")
