"""What an operator does by hand through the API of a running stack: a day of the schedule, a mail.

`make up` leaves address and keys in DATA_DIR; `API_BASE_URL` and `ADMIN_API_KEY` name another stack.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from deploy.local import settings
from deploy.local.spec import StepError

KINDS: Final = ("pre_notification", "send_day")
SECONDS: Final = 60
PARIS: Final = ZoneInfo("Europe/Paris")


def operator(environ: Mapping[str, str] = os.environ) -> httpx.Client:
    """A client that speaks to the running stack with an operator's key."""
    folder = settings.data_dir(environ)
    url = environ.get("API_BASE_URL") or _kept(folder / "stack.json").get("urls", {}).get("api")
    kept = _kept(folder / "keys.json")
    key = environ.get("ADMIN_API_KEY") or kept.get("ADMIN_API_KEY") or environ.get("API_KEY")
    if not url or not key:
        raise StepError(
            "No stack runs here: start one with make up, or give API_BASE_URL and ADMIN_API_KEY."
        )
    return httpx.Client(base_url=url, headers={"X-Admin-Key": key}, timeout=SECONDS)


def post(api: httpx.Client, path: str, body: Mapping[str, Any]) -> Any:
    """What the API answers; a refusal is told in its own words."""
    try:
        answer = api.post(path, json=body)
    except httpx.TransportError as error:
        raise StepError(
            f"{api.base_url} does not answer ({type(error).__name__}): is the stack up?"
        ) from error
    if answer.is_error:
        raise StepError(_refusal(answer))
    return answer.json()


def daily(environ: Mapping[str, str] = os.environ) -> int:
    """Run the day's notices, then its deliveries, as the scheduler does at 09:00."""
    day = environ.get("DATE") or f"{datetime.now(PARIS).date()}"
    with operator(environ) as api:
        for kind in KINDS:
            ran = post(api, "/admin/schedule/run", {"kind": kind, "date": day, "dry_run": False})
            print(_told(ran))
    return 0


def send_mail(environ: Mapping[str, str] = os.environ) -> int:
    """Send one of the mails to an address; 0 only when the server has taken it."""
    if not environ.get("TO"):
        raise StepError("Say to whom: make test-mail TO=you@example.org KIND=monthly")
    body = {"recipient": environ["TO"], "template_type": environ.get("KIND") or "config"}
    with operator(environ) as api:
        sent = post(api, "/admin/test-email", body)
    print(sent["message"])
    for name, result in sent.get("results", {}).items():
        print(f"  {name}: {result}")
    return 0 if sent["success"] else 1


def _told(ran: Mapping[str, Any]) -> str:
    due = [client for client in ran["clients"] if not client["already_served"]]
    when = f"ran already at {ran['ran_at']}" if ran["tick"] == "exists" else "runs now"
    ids = "".join(f"\n  {client['client_id']}" for client in due)
    return f"{ran['kind']} of {ran['date']} {when}: {len(due)} clients{ids}"


def _kept(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def _refusal(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code}: {answer.json()['detail']}"
    except (ValueError, KeyError):
        return f"{answer.request.url} answers {answer.status_code}"
