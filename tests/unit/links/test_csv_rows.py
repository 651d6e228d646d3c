import contextlib
import csv
import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.dialects.native.batch_rows import draft_of_row, errors_csv, harmless
from services.links.dialects.native.mapping.csv_rows import rows_of
from services.links.dialects.native.superset_examples import BATCH_CSV
from services.links.domain.link_batch import Row, RowFault
from shared.kernel.faults import Invalid


def items(text: str) -> list[dict[str, Any]]:
    found = [row.body for row in rows_of(text.encode(), rows_max=500)]
    assert all(isinstance(body, bytes) for body in found), found
    return [msgspec.json.decode(body) for body in found if isinstance(body, bytes)]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_example_reads_with_and_without_a_byte_order_mark(mark: str, end: str) -> None:
    assert items(mark + BATCH_CSV.replace("\r\n", end)) == [
        {
            "title": "Invoice #124",
            "slug": "invoice-124",
            "pricing": {"type": "fixed", "currency": "UGX", "amount_minor": 50_000},
        }
    ]


def test_quotes_commas_and_line_ends_inside_a_cell_are_part_of_it() -> None:
    assert items('title,currency,description\r\n"Tea, ""green""",UGX,"two\r\nlines"\r\n')[0] == {
        "title": 'Tea, "green"',
        "description": "two\r\nlines",
        "pricing": {"type": "open", "currency": "UGX"},
    }


def test_every_column_has_its_field() -> None:
    text = (
        "title,min_minor,max_minor,currency,uses_max,methods,providers,coupons_allowed,recipient_email,"
        "recipient_name,gate,metadata,starts_at\r\n"
        'Tea,1,9,USD,3,card; mobile_money,sandbox,TRUE,a@b.test,Amina,otp,"{""n"": 0.1}",2050-01-01T00:00:00Z\r\n'
    )
    found = items(text)[0]
    assert found["pricing"] == {"type": "flexible", "currency": "USD", "min_minor": 1, "max_minor": 9}
    assert found["recipient"] == {"email": "a@b.test", "name": "Amina"}
    assert (found["methods"], found["coupons_allowed"], found["uses_max"]) == (["card", "mobile_money"], True, 3)
    draft = draft_of_row(msgspec.json.encode(found))
    assert draft.gate_otp is True


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("Tea,UGX,abc,,", "pricing.amount_minor"),
        ("Tea,UGX,0,,", "pricing.amount_minor"),
        ("Tea,UGX,1.5,,", "pricing.amount_minor"),
        ("Tea,ugx,1,,", "pricing.currency"),
        ("Tea,UGX,1,maybe,", "coupons_allowed"),
        ("Tea,UGX,1,,[1]", "metadata"),
    ],
)
def test_a_cell_that_does_not_fit_is_named_when_its_row_is_read(row: str, field: str) -> None:
    header = "title,currency,amount_minor,coupons_allowed,metadata"
    body = rows_of(f"{header}\r\n{row}\r\n".encode(), rows_max=500)[0].body
    assert isinstance(body, bytes)
    with pytest.raises(Invalid) as raised:
        draft_of_row(body)
    assert raised.value.values["field"] == field


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("Tea,UGX,1,,,,", None),
        ("Tea,UGX", None),
        ("Tea,UGX,1,01932c06-5d1a-7f00-8a2b-3c4d5e6f7a8b,,", "pricing"),
        ("Tea,UGX,1,,{,", "metadata"),
        ("Tea,UGX,1,,,Amina", "recipient.email"),
    ],
)
def test_a_row_that_cannot_be_read_fails_alone(row: str, field: str | None) -> None:
    header = "title,currency,amount_minor,product_id,metadata,recipient_name"
    rows = rows_of(f"{header}\r\n{row}\r\nTea,UGX,1,,,\r\n".encode(), rows_max=500)
    fault = rows[0].body
    assert isinstance(fault, RowFault)
    assert fault.field == field
    assert isinstance(rows[1].body, bytes)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"title\r\n",
        b"nonsense\r\nTea\r\n",
        b"title,title\r\nTea,Tea\r\n",
        b"currency\r\nUGX\r\n",
        b"title\r\n\xff\r\n",
        b'title\r\n"Tea\r\n',
        b'title\r\n"Tea"x\r\n',
        b"title\r\n" + b"Tea\r\n" * 501,
    ],
)
def test_a_file_that_is_none_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(Invalid):
        rows_of(raw, rows_max=500)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_a_spreadsheet_takes_for_a_formula_is_text_in_the_errors(cell: str) -> None:
    assert harmless(cell).startswith("'")
    fault = Row(number=1, state="failed", fault=RowFault("invalid", cell, cell))
    (_, row) = csv.reader(io.StringIO(errors_csv([fault]).decode(), newline=""))
    assert row == ["1", "invalid", f"'{cell}", f"'{cell}"]


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        rows = rows_of(b"title,currency,amount_minor,metadata\r\n" + raw, rows_max=500)
    except Invalid:
        return
    for row in rows:
        if isinstance(row.body, bytes):
            with contextlib.suppress(Invalid):
                draft_of_row(row.body)
