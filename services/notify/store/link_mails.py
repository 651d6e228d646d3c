"""What is known of links that are to be mailed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.notify.domain.link_mail import Known, LinkMail
from shared.contracts.links import RemindersView
from shared.runtime.postgres import Postgres, Reader, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encoder: Final = msgspec.json.Encoder()
_ABOUT: Final = msgspec.json.Decoder(LinkMail)
_REMINDERS: Final = msgspec.json.Decoder(RemindersView)


async def note_links(tx: Transaction, known: Sequence[Known], now: datetime) -> None:
    """One a link at most; what is older than what is known changes nothing."""
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in known] for name in Known.__struct_fields__}
    for name in ("about", "reminders"):
        columns[name] = [None if value is None else _encoder.encode(value).decode() for value in columns[name]]
    await tx.execute(_sql["note_links"], *columns.values(), now)


async def note_requests(tx: Transaction, asked: Sequence[tuple[UUID, datetime]], now: datetime) -> None:
    """`asked` are links with the time of the schedule that is to be sent now."""
    await tx.execute(_sql["note_requests"], [one for one, _ in asked], [at for _, at in asked], now)


async def note_payments(tx: Transaction, paid: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """`paid` are links, each once, with their organization and the time of a payment."""
    await tx.execute(_sql["note_payments"], *(list(column) for column in zip(*paid, strict=True)))


async def intend_due(pg: Postgres, ids: Sequence[UUID], *, message_host: str, now: datetime) -> int:
    """Puts a mail into the ledger for as many due links as there are ids; returns how many were due."""
    return await pg.fetchval(_sql["intend_due"], now, list(ids), message_host)


async def find_known(pg: Postgres, link_id: UUID) -> Known | None:
    row = await pg.fetchrow(_sql["find_known"], link_id)
    return _known(dict(row)) if row is not None else None


async def find_known_links(pg: Reader, link_ids: Sequence[UUID]) -> dict[UUID, Known]:
    rows = await pg.fetch(_sql["find_known_links"], link_ids)
    return {row["link_id"]: _known(dict(row)) for row in rows}


def _known(values: dict[str, Any]) -> Known:
    values["about"] = _ABOUT.decode(values["about"]) if values["about"] else None
    values["reminders"] = _REMINDERS.decode(values["reminders"]) if values["reminders"] else None
    return Known(**values)
