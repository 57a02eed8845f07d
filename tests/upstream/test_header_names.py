from typing import Any

import pytest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from typing_extensions import override

from libs.header_names import records
from libs.upstream import fetcher


class Odd(str):
    """A name that no honest client can write."""

    __slots__ = ()

    @override
    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


def batch(*headers: list[tuple[str, bytes | None]], compression: int = 0) -> bytes:
    """What a broker answers: a record for each list of headers."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=compression, is_transactional=False, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=1 << 20,
    )  # fmt: skip
    for offset, named in enumerate(headers):
        builder.append(offset, timestamp=1, key=b"key", value=b"value", headers=named)
    return bytes(builder.build())


def read(raw: bytes) -> list[Any]:
    found, all_of_them = records(raw), list[Any]()
    while found.has_next():
        one = found.next_batch()
        assert one.validate_crc()
        all_of_them += one
    return all_of_them


@pytest.mark.parametrize("compression", [0, 1])
def test_a_record_is_read_whatever_its_headers_are_called(compression: int) -> None:
    raw = batch([("a", b"\xff")], [(Odd(), b"\xff"), ("b", None)], compression=compression)

    first, second = read(raw + batch([("c", b"")]))[:2]

    assert (first.key, first.value, first.headers) == (b"key", b"value", [("a", b"\xff")])
    assert second.headers == [("\\xff\\xfe", b"\xff"), ("b", None)]
    assert type(second.key) is type(second.value) is type(second.headers[0][1]) is bytes


def test_what_aiokafka_can_read_it_reads() -> None:
    assert isinstance(records(batch([("a", b"1")])), MemoryRecords)


def test_every_consumer_reads_so() -> None:
    assert fetcher.MemoryRecords is records
