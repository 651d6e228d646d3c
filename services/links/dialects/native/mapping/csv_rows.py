"""Payment links as a CSV file (RFC 4180, UTF-8, with or without a byte order mark): rows into items of a batch."""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.links.domain.link_batch import RowFault, WantedRow
from shared.kernel.faults import Invalid

_TEXTS: Final = (
    "title", "slug", "description", "private_note", "internal_name", "reference", "starts_at", "expires_at",
    "scheduled_at", "success_url", "cancel_url", "gate", "late_payment_policy",
)  # fmt: skip
_PRICES: Final = ("currency", "amount_minor", "min_minor", "max_minor", "product_id", "plan_id")
_KINDS: Final = (("product_id",), ("plan_id",), ("amount_minor",), ("min_minor", "max_minor"))
COLUMNS: Final = (
    *_TEXTS, *_PRICES, "uses_max", "methods", "providers", "coupons_allowed", "recipient_email", "recipient_name",
    "metadata",
)  # fmt: skip
"""An empty cell is not named. `methods` and `providers` are parted by `;`, `metadata` is a JSON object."""

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_TRUTH: Final = {"true": True, "false": False}
_json: Final = msgspec.json.Encoder()


def rows_of(raw: bytes, *, rows_max: int) -> list[WantedRow]:
    """The rows behind the header; a row that cannot be read fails alone.

    Raises:
        Invalid: the file as a whole cannot be: not UTF-8, quotes that do not close, a header that we do not know.
    """
    try:
        # One cell is no longer than a request may be.
        lines = [line for line in csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True) if line]
    except UnicodeDecodeError:
        raise Invalid("", "is not UTF-8") from None
    except csv.Error as error:
        raise Invalid("", f"is not CSV as RFC 4180 has it: {error}") from None
    header = [name.strip() for name in lines[0]] if lines else []
    _check_header(header)
    if not 1 <= len(lines) - 1 <= rows_max:
        raise Invalid("", f"must have a header and 1 to {rows_max} rows")
    return [_row(header, cells) for cells in lines[1:]]


def _check_header(header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise Invalid(name[:64], f"is not a column; the columns are {', '.join(COLUMNS)}")
        if header.count(name) > 1:
            raise Invalid(name, "is a column twice")
    if "title" not in header:
        raise Invalid("title", "is a column that must be there")


def _row(header: list[str], cells: list[str]) -> WantedRow:
    if len(cells) != len(header):
        return WantedRow(RowFault(Invalid.code, None, f"has {len(cells)} cells, and the header {len(header)}"))
    named = {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
    try:
        return WantedRow(_json.encode(_item(named)))
    except Invalid as fault:
        return WantedRow(RowFault(fault.code, str(fault.values["field"]), str(fault.values["rule"])))
    except UnicodeEncodeError:
        return WantedRow(RowFault(Invalid.code, None, "is not UTF-8"))


def _item(named: Mapping[str, str]) -> dict[str, Any]:
    """The item as JSON would say it. What is no number or truth value stays text, so that reading it says so."""
    item: dict[str, Any] = {name: named[name] for name in _TEXTS if name in named}
    if (pricing := _pricing(named)) is not None:
        item["pricing"] = pricing
    if "uses_max" in named:
        item["uses_max"] = _whole(named["uses_max"])
    for name in ("methods", "providers"):
        if name in named:
            item[name] = [part.strip() for part in named[name].split(";")]
    if "coupons_allowed" in named:
        item["coupons_allowed"] = _TRUTH.get(named["coupons_allowed"].strip().lower(), named["coupons_allowed"])
    if "recipient_email" in named:
        item["recipient"] = {"email": named["recipient_email"].strip(), "name": named.get("recipient_name")}
    elif "recipient_name" in named:
        raise Invalid("recipient.email", "is required where a name is given")
    if "metadata" in named:
        item["metadata"] = _json_in("metadata", named["metadata"])
    return item


def _pricing(named: Mapping[str, str]) -> dict[str, Any] | None:
    """A product or plan, else a fixed amount, else bounds, else whatever the buyer likes in that currency."""
    given = {name: named[name] for name in _PRICES if name in named}
    if sum(not given.keys().isdisjoint(kind) for kind in _KINDS) > 1:
        raise Invalid("pricing", "must be one of product_id, plan_id, amount_minor, or min_minor and max_minor")
    if "product_id" in given:
        return {"type": "product", "product_id": given["product_id"]}
    if "plan_id" in given:
        return {"type": "plan", "plan_id": given["plan_id"]}
    if not given:
        return None
    amounts = {name: _whole(given[name]) for name in ("amount_minor", "min_minor", "max_minor") if name in given}
    kind = "fixed" if "amount_minor" in given else ("flexible" if amounts else "open")
    return {"type": kind, **({"currency": given["currency"]} if "currency" in given else {}), **amounts}


def _whole(cell: str) -> int | str:
    return int(cell) if _WHOLE.fullmatch(cell.strip()) else cell


def _json_in(field: str, cell: str) -> msgspec.Raw:
    try:
        msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid(field, "is not valid JSON") from None
    return msgspec.Raw(cell.encode())
