"""What is on the disk: complete or absent, and swept."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.scraper.archive.store import Entry, Store, Version, Writer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://a.org/2019.csv"
OLD, NEW = (Version(sha256=letter * 64, size_bytes=1) for letter in "ab")


def files(store: Store) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_what_is_not_finished_appears_nowhere(store: Store):
    def fail() -> None:
        with store.unfinished() as path, path.open("wb") as file:
            Writer(file).write(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert files(store) == []


def test_an_entry_is_found_again(store: Store):
    entry = Entry(url=URL, asked_at=NOON, newest=NEW, older=OLD)
    store.note(entry)

    assert store.entry(URL) == entry
    assert store.entry("https://a.org/2020.csv") is None


@pytest.mark.parametrize("left", [b"", b"{", b'{"url": 1}'])
def test_a_note_that_a_crash_left_unreadable_is_none(store: Store, left: bytes):
    store.note(Entry(url=URL, asked_at=NOON))
    [note] = files(store)
    note.write_bytes(left)

    assert store.entry(URL) is None


def test_what_lasts_is_the_newest_that_could_be_read():
    first = Entry(url=URL, asked_at=NOON).with_newest(OLD, NOON)
    assert first.lasting == OLD
    second = first.with_newest(NEW, NOON)
    assert (second.lasting, second.older) == (NEW, OLD)
    assert second.with_newest(NEW, NOON) == second


def test_what_died_unfinished_is_swept_after_a_day(store: Store):
    folder = store.folder / "unfinished"
    for name in ("old", "new"):
        (folder / f"{name}-folder").mkdir(parents=True)
        (folder / f"{name}-folder" / "01").write_bytes(b"x")
        (folder / name).write_bytes(b"x")
    day_ago = time.time() - 25 * 3600
    for name in ("old", "old-folder"):
        os.utime(folder / name, (day_ago, day_ago))

    store.sweep()

    assert {path.name for path in folder.iterdir()} == {"new", "new-folder"}


def test_there_may_be_nothing_to_sweep(store: Store):
    store.sweep()

    assert not (store.folder / "unfinished").exists()
