"""Buyers' sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.session import Address, Aftermath, Discount, Session, SessionState
from services.checkout.store.charge import charge_of_session_row
from shared.contracts.checkout import CustomerView, SessionAbandoned, SessionEvent, SessionExpired, SessionOpened
from shared.contracts.links import LinkView
from shared.kernel.money import Money
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_link: Final = msgspec.json.Decoder(LinkView).decode
_address: Final = msgspec.json.Decoder(Address).decode
_discount: Final = msgspec.json.Decoder(Discount).decode


class IdempotencyRow(Struct, frozen=True):
    """`body` is the answer that is given again, without what can be computed anew (the token)."""

    scope: str
    route: str
    key: str
    fingerprint: bytes
    body: bytes


async def open_session(
    postgres: Postgres, session: Session, opened: SessionOpened, *, idempotency: IdempotencyRow | None
) -> bool:
    """False, and nothing written, when the idempotency key was used before."""
    keyed = (
        (idempotency.scope, idempotency.route, idempotency.key, idempotency.fingerprint, idempotency.body)
        if idempotency
        else (None,) * 5
    )
    made = await postgres.fetchval(
        _sql["open_session"],
        *keyed,
        session.created_at,
        session.id,
        session.org_id,
        session.link.id,
        session.livemode,
        _encode(session.link).decode(),
        session.customer.email,
        session.customer.name,
        session.customer.phone,
        _encode(session.address).decode() if session.address else None,
        session.total.minor,
        session.total.currency,
        session.locale,
        session.expires_at,
        *outbox.one(opened),
        _encode(session.discount).decode() if session.discount else None,
    )
    return made is not None


async def find_answer(postgres: Postgres, scope: str, *, route: str, key: str) -> tuple[bytes, bytes] | None:
    """(fingerprint, body) of the request that used this key first."""
    row = await postgres.fetchrow(_sql["find_answer"], scope, route, key)
    return (row["fingerprint"], row["body"]) if row else None


async def read_session(postgres: Postgres, session_id: UUID) -> SessionState | None:
    row = await postgres.fetchrow(_sql["read_session"], session_id)
    if row is None:
        return None
    charge = charge_of_session_row(row) if row["charge_id"] else None
    captured = charge is not None and charge.status == "succeeded"
    return SessionState(_session(row), charge, _aftermath(row) if captured else None)


async def expire_sessions(tx: Transaction, now: datetime, *, limit: int) -> list[SessionEvent]:
    """Ends open sessions whose time is over; returns the facts about them, not written yet."""
    rows: Sequence[Record] = await tx.fetch(_sql["expire_sessions"], now, limit)
    return [
        (SessionAbandoned if row["status"] == "abandoned" else SessionExpired)(
            org_id=row["org_id"],
            link_id=row["link_id"],
            session_id=row["id"],
            total=Money(row["total_minor"], row["currency"]),
            livemode=row["livemode"],
        )
        for row in rows
    ]


def _session(row: Record) -> Session:
    return Session(
        id=row["id"],
        org_id=row["org_id"],
        link=_link(row["link"]),
        customer=CustomerView(email=row["email"], name=row["name"], phone=row["phone"]),
        address=_address(row["address"]) if row["address"] else None,
        total=Money(row["total_minor"], row["currency"]),
        discount=_discount(row["discount"]) if row["discount"] else None,
        locale=row["locale"],
        status=row["status"],
        version=row["version"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
    )


def _aftermath(row: Record) -> Aftermath:
    currency = row["charge_currency"]
    return Aftermath(
        total=Money(row["charge_total_minor"], currency),
        review=row["review"],
        refunded=Money(row["refunded_minor"], currency),
        refunding=Money(row["refunding_minor"], currency),
        refunded_at=row["refunded_at"],
        charged_back=Money(row["charged_back_minor"] or 0, currency),
        charged_back_at=row["charged_back_at"],
    )
