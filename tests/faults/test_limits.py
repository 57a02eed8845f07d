from collections.abc import Generator

import msgspec
import pytest

from services.notifier import main as notifier
from services.scraper import main as scraper
from tests.faults.limits import Limits, limit


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setattr(notifier, "Server", notifier.Server)
    monkeypatch.setattr(scraper, "Archive", scraper.Archive)
    yield
    monkeypatch.undo()


def test_a_notifier_has_the_patience_that_it_is_given() -> None:
    limit(Limits(smtp={"data_seconds": 3}).text)

    server = notifier.Server(host="nowhere", port=25, security="none")

    assert (server.data_seconds, server.other_seconds) == (3, 30)


def test_a_scraper_takes_files_as_large_as_it_is_told() -> None:
    limit(Limits(site={"file_bytes": 1000, "seconds": 1.5}).text)

    archive = scraper.Archive(client=None, store=None)  # pyright: ignore[reportArgumentType]

    assert (archive.bounds.file_bytes, archive.bounds.seconds) == (1000, 1.5)


def test_a_limit_that_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        limit('{"smpt": {}}')
