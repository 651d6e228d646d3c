from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from deploy.cli.bus.feed import Fact
from shared.contracts import envelope
from shared.kernel.faults import Fault
from shared.web.formats import format_money

SHORT_CHARS = 8
_FACT_CHARS = 26
_COLORS = {
    "succeeded": "32", "settled": "32", "sent": "32",
    "failed": "31", "refused": "31", "expired": "31", "abandoned": "31",
    "pending": "33", "held": "33", "released": "33", "skipped": "33", "paused": "33", "ended": "33",
    "opened": "36", "created": "36",
}  # fmt: skip
_DIM, _BOLD = "2", "1"


def json_line(fact: Fact) -> str:
    """One fact as one line of JSON: the CloudEvents attributes, and the body as `data`."""
    return msgspec.json.encode(
        {
            "time": fact.time,
            "type": fact.type,
            "subject": fact.subject,
            "org_id": organization_of(fact),
            "link_id": fact.headers.get(envelope.SUBJECT),
            "sequence": int(sequence) if (sequence := fact.headers.get(envelope.SEQUENCE)) else None,
            "id": fact.headers.get(envelope.ID),
            "traceparent": fact.headers.get(envelope.TRACEPARENT),
            "stream": fact.stream,
            "position": fact.position,
            "data": msgspec.Raw(_body(fact)),
        }
    ).decode()


class Lines:
    """Facts in columns. A day's first line is its date; `zone` is that of the person who watches."""

    def __init__(self, *, color: bool, zone: tzinfo | None) -> None:
        self._color = color
        self._zone = zone
        self._day = ""

    def of(self, fact: Fact) -> str:
        at = _moment(fact.time, self._zone)
        lines: list[str] = []
        if (day := f"{at:%A %d %B %Y}" if at else "") and day != self._day:
            self._day = day
            lines.append(self._paint(_BOLD, day))
        owner, _, rest = fact.type.partition(".")
        padding = " " * max(0, _FACT_CHARS - len(fact.type))
        verb = fact.type.rpartition(".")[2]
        columns = [
            f"{at:%H:%M:%S}.{at.microsecond // 1000:03}" if at else "?" * 12,
            self._paint(_DIM, f"org {_short(organization_of(fact))}"),
            self._paint(_DIM, f"link {_short(fact.headers.get(envelope.SUBJECT))}"),
            self._paint(_DIM, f"{owner}.") + self._paint(_COLORS.get(verb, "0"), rest) + padding,
            details(_data(fact)),
        ]
        lines.append("  ".join(columns).rstrip())
        return "\n".join(lines)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and text else text


def organization_of(fact: Fact) -> str | None:
    tokens = fact.subject.split(".")
    return tokens[3] if len(tokens) > 3 else None  # noqa: PLR2004 - <owner>.evt.v1.<organization>


def details(data: Mapping[str, Any]) -> str:
    """The amount first, then whatever says most about this kind of fact."""
    words: list[str] = []
    for name, describe in _DETAILS.items():
        value = data.get(name)
        if value is not None and value is not False:
            words.append(describe(value))
    return _printable("  ".join(word for word in words if word))


def _money(value: Mapping[str, Any]) -> str:
    try:
        return format_money(value["amount_minor"], value["currency"], "en").replace("\u00a0", " ")
    except (KeyError, TypeError, Fault):
        return ""


def _link(value: Mapping[str, Any]) -> str:
    pricing: Mapping[str, Any] = value.get("pricing") or {}
    total = _money(pricing.get("total") or {})
    return "  ".join(part for part in (total, str(value.get("slug", "")), f"“{value.get('title', '')}”") if part)


def _uses(value: Mapping[str, Any]) -> str:
    return f"used {value.get('used')}, held {value.get('held')}"


_DETAILS: dict[str, Callable[[Any], str]] = {
    "total": _money,
    "link": _link,
    "uses": _uses,
    "uses_max": lambda value: f"of {value}",
    "method": str,
    "provider": str,
    "reason": str,
    "verdict": str,
    "policy": str,
    "receipt_number": str,
    "late": lambda _: "late",
    "kind": str,
    "message_id": str,
    "name": str,
}


def _data(fact: Fact) -> dict[str, Any]:
    try:
        return msgspec.json.decode(fact.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _body(fact: Fact) -> bytes:
    try:
        msgspec.json.decode(fact.body)
    except msgspec.MsgspecError:
        return msgspec.json.encode(fact.body.decode(errors="replace"))
    return fact.body


def _moment(text: str, zone: tzinfo | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return None


def _short(identifier: str | None) -> str:
    """The end of a UUID: version 7 begins with the time, which neighbors share."""
    return identifier[-SHORT_CHARS:] if identifier else "-" * SHORT_CHARS


def _printable(text: str) -> str:
    """Titles come from outside; no escape sequence of theirs reaches the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
