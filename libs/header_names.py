"""Header names that are not UTF-8: the protocol forbids them, a broker takes them all the same.

aiokafka cannot read a record with one. Its consumer would raise at it for ever, and lose each time
what it had in hand of other partitions. Here such a name is read with its odd bytes spelled out.
"""

from contextlib import suppress
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.record import default_records, memory_records
from aiokafka.record.memory_records import MemoryRecords

# Those in Python, which can be mended; aiokafka uses them where its faster ones are missing.
READER: Final[Any] = memory_records._MemoryRecordsPy  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
BATCH: Final[Any] = default_records._DefaultRecordBatchPy  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def records(raw: bytes) -> Any:
    """The records of an answer: by aiokafka's own reader unless it fails over a name."""
    whole: Any = MemoryRecords(raw)
    with suppress(KafkaError):  # whoever reads it again hears of it
        try:
            while whole.has_next():
                for _ in whole.next_batch():
                    pass
        except UnicodeDecodeError:
            return _Records(raw)
    return MemoryRecords(raw)


class _Records(READER):
    def next_batch(self, *_: Any) -> Any:
        found = self._next_slice
        self._cache_next()
        return _Batch(found) if found is not None else None


class _Batch(BATCH):
    def __iter__(self) -> Any:
        super().__iter__()
        self._buffer = _Bytes(self._buffer)
        return self


class _Bytes(bytearray):
    """Of what aiokafka cuts out of it, names alone are decoded."""

    def __getitem__(self, place: Any) -> Any:
        part = super().__getitem__(place)
        return _Bytes(part) if isinstance(place, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace" if errors == "strict" else errors)
