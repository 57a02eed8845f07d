"""Histories as spreadsheets write them: every line is read, or named with the reason."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.history.table import HistoryError, Row, read

HEADER = "email;address;insee;date"
LINE = "a@b.fr;12 bis rue de la République;01053;2024-05-31"
ROW = Row(
    line=2, email="a@b.fr", address="12 bis rue de la République", insee="01053",
    delivered_on=date(2024, 5, 31),
)  # fmt: skip


def rows(folder: Path, content: str | bytes) -> list[Row]:
    file = folder / "history.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(file)


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{LINE}\n",
        f"\ufeff{HEADER}\r\n{LINE}\r\n\r\n",
        f"{HEADER}\n{LINE}".replace(";", ","),
        f"{HEADER}\n{LINE}".replace(";", "\t"),
        f"{HEADER}\n{LINE}".encode("cp1252"),
        'Courriel,"Adresse",Code INSEE,Date envoi\nA@B.fr,"12 bis rue de la République",1053,31/05/2024',
        f"ville;date;address;cp;insee;email\n;2024-05-31T09:00:00Z;{ROW.address};;1053.0;a@b.fr",
    ],
)
def test_a_row_is_read_however_the_file_is_written(tmp_path: Path, content: str | bytes):
    assert rows(tmp_path, content) == [ROW]


def test_an_address_may_take_several_lines_in_quotes(tmp_path: Path):
    file = f'{HEADER}\na@b.fr;"12 rue du Lac\n01000 Bourg";01053;\n{LINE}'
    first, second = rows(tmp_path, file)

    assert (first.line, first.address) == (2, "12 rue du Lac\n01000 Bourg")
    assert (second.line, second.reason) == (4, None)


@pytest.mark.parametrize(
    "line, reason",
    [
        ("a@b.fr;12 rue du Lac;01053", "has 3 fields where the header has 4"),
        ("a@b.fr;12 rue;du Lac;01053;2024-05-31", "has 5 fields where the header has 4"),
        ("a@b.fr;12 rue du Lac;01053;31.05.2024", "has a date that is none"),
        ("a@b.fr;12 rue du Lac;01053;31/02/2024", "has a date that is none"),
        ("a@b.fr;12 rue du Lac;Bourg;2024-05-31", "has an INSEE or postal code that is none"),
        ('a@b.fr;"12 rue du Lac;01053;2024-05-31', "has 2 fields where the header has 4"),
        ("a@b.fr;12\0 rue;01053;2024-05-31", "holds what is no address"),
        (f"a@b.fr;{'x' * 301};01053;2024-05-31", "holds what is no address"),
    ],
)
def test_a_line_that_cannot_be_read_costs_itself(tmp_path: Path, line: str, reason: str):
    bad, good = rows(tmp_path, f"{HEADER}\n{line}\n{LINE}")

    assert bad.line == 2
    assert reason in (bad.reason or "")
    assert (good.line, good.reason, good.email) == (3, None, "a@b.fr")


def test_a_client_may_be_named_by_id(tmp_path: Path):
    file = "client_id,address,cp,ville,date\n{},1 rue A,1000,Bourg,\nx,1 rue A,1000,Bourg,\n"
    named, wrong = rows(tmp_path, file.format(UUID(int=7)))

    assert (named.client_id, named.postal_code, named.city) == (UUID(int=7), "01000", "Bourg")
    assert named.delivered_on is None
    assert wrong.reason == "has a client_id that is no UUID"


@pytest.mark.parametrize(
    "content, sentence",
    [
        ("", "has no header"),
        ("address;insee;date\n", "has no column email or client_id"),
        ("a@b.fr;12 rue du Lac;01053;2024-05-31\n", "none insee or postal_code"),
    ],
)
def test_a_file_that_is_no_history_is_refused(tmp_path: Path, content: str, sentence: str):
    with pytest.raises(HistoryError, match=sentence):
        rows(tmp_path, content)


@given(st.binary(max_size=400))
def test_any_bytes_below_the_header_are_rows_or_reasons(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
):
    found = rows(tmp_path_factory.mktemp("any"), HEADER.encode() + b"\n" + content)

    lines = [row.line for row in found]
    assert lines == sorted(set(lines))
    assert all(row.reason or row.address is not None for row in found)
