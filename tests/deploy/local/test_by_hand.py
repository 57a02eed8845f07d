import json
from pathlib import Path

import httpx
import pytest

from deploy.local import by_hand
from deploy.local.spec import StepError


def running(folder: Path) -> dict[str, str]:
    folder.joinpath("stack.json").write_text(json.dumps({"urls": {"api": "http://127.0.0.1:9"}}))
    folder.joinpath("keys.json").write_text(json.dumps({"API_KEY": "a", "ADMIN_API_KEY": "b"}))
    return {"DATA_DIR": str(folder)}


def test_the_running_stack_is_found_with_its_admin_key(tmp_path: Path):
    with by_hand.operator(running(tmp_path)) as api:
        assert (str(api.base_url), api.headers["X-Admin-Key"]) == ("http://127.0.0.1:9", "b")


def test_another_stack_is_named_by_the_environment(tmp_path: Path):
    elsewhere = {"API_BASE_URL": "https://api.example.org", "ADMIN_API_KEY": "c"}
    with by_hand.operator(running(tmp_path) | elsewhere) as api:
        assert (str(api.base_url), api.headers["X-Admin-Key"]) == ("https://api.example.org", "c")


@pytest.mark.parametrize("command", [by_hand.daily, by_hand.send_mail])
def test_without_a_stack_it_is_said_how_to_start_one(command, tmp_path: Path):
    with pytest.raises(StepError, match="make up"):
        command({"DATA_DIR": str(tmp_path), "TO": "you@example.org"})


@pytest.mark.parametrize("command", [by_hand.daily, by_hand.send_mail])
def test_a_stack_that_has_stopped_is_told(command, tmp_path: Path):
    with pytest.raises(StepError, match="does not answer"):
        command(running(tmp_path) | {"TO": "you@example.org"})


def test_a_mail_to_nobody_is_refused_with_an_example(tmp_path: Path):
    with pytest.raises(StepError, match=r"TO=you@example\.org"):
        by_hand.send_mail(running(tmp_path))


def test_a_refusal_is_told_in_the_words_of_the_api():
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422, json={"detail": "A real run takes a date from …"})

    with (
        httpx.Client(base_url="http://x", transport=httpx.MockTransport(refuse)) as api,
        pytest.raises(StepError, match="422: A real run takes a date"),
    ):
        by_hand.post(api, "/admin/schedule/run", {})
