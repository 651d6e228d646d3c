"""Charges, and the one statement that moves them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import ABSENT_AFTER, PROMPT_FOR, RECOVER_AFTER, Charge, NextAction
from services.checkout.domain.facts import Story
from services.checkout.domain.ledger import of_change
from services.checkout.domain.lifecycle import ENDED_UNPAID
from services.checkout.domain.polling import (
    BANK_TRANSFER_SECONDS,
    FIRST_FEE_ASK,
    FIRST_POLL,
    LOOK_BACK_SECONDS,
    MOBILE_MONEY_SECONDS,
    SCHEDULE_SECONDS,
)
from services.checkout.domain.routing import Route, Tried
from services.checkout.domain.session import RETRY_FOR
from services.checkout.store import ledger
from shared.contracts.checkout import CustomerView, FailureReason
from shared.contracts.envelope import Event
from shared.contracts.links import LinkView, Method
from shared.kernel.money import Money
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Record, Transaction, constraint_of
from shared.runtime.queries import statements

ASK_AGAIN: Final = timedelta(seconds=10)
"""When to try again where the prompt that was in the way has ended this moment."""
_sql: Final = statements(__file__)
_encode: Final = msgspec.json.Encoder().encode
_next_action: Final = msgspec.json.Decoder(NextAction).decode
_link: Final = msgspec.json.Decoder(LinkView).decode


class DueCharge(Struct, frozen=True, kw_only=True):
    """A charge whose provider is to be asked now."""

    id: UUID
    org_id: UUID
    link_id: UUID
    session_id: UUID
    account_id: UUID
    provider: str
    reference: str
    provider_id: str | None
    method: Method
    total_minor: int
    currency: str
    created_at: datetime
    status: str
    held_until: datetime
    absent_after: datetime
    absent_reason: FailureReason
    next_poll_at: datetime

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class Changes(Struct, frozen=True, kw_only=True):
    """`charges`: (before, after). `verdicts`: (callback, verdict, charge). `facts`: (fact, traceparent, charge)."""

    charges: Sequence[tuple[Charge, Charge]] = ()
    verdicts: Sequence[tuple[UUID, str, UUID | None]] = ()
    facts: Sequence[tuple[Event, str | None, UUID | None]] = ()


class Choice(Struct, frozen=True, kw_only=True):
    """Why this account: the route that was found, and what came of those that were tried before."""

    route: Route
    tried: Sequence[Tried] = ()

    def kept(self) -> str | None:
        """JSON; None where there was nothing to choose."""
        left_out, tried = self.route.left_out, self.tried
        if not tried and all(one.reason == "stands_in_only" for one in left_out):
            return None
        return _encode({"attempt": len(tried) + 1, "tried": tried, "left_out": left_out}).decode()


class PhoneIsAsked(Exception):  # noqa: N818 - says what happened
    """The phone shows a prompt of the same account, for another session, until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


async def reserve_charge(postgres: Postgres, charge: Charge, choice: Choice) -> bool:
    """Whether the session was open and is now paying by this charge.

    Raises:
        PhoneIsAsked.
    """
    return await _made(postgres, "reserve_charge", charge.session_id, charge, choice)


async def fail_over(postgres: Postgres, before: Charge, charge: Charge, choice: Choice) -> bool:
    """Whether `before`, which its provider does not have, has ended, and `charge` stands in its place.

    Nobody is told of `before`: to the buyer and the merchant it is one try.

    Raises:
        PhoneIsAsked.
    """
    return await _made(postgres, "fail_over", before.id, charge, choice)


async def _made(postgres: Postgres, statement: str, place: UUID, charge: Charge, choice: Choice) -> bool:
    prompted = charge.payer_phone if charge.method == "mobile_money" else None
    try:
        made = await postgres.fetchval(
            _sql[statement],
            place,
            charge.created_at,
            charge.id,
            charge.account_id,
            charge.provider,
            charge.method,
            charge.reference,
            charge.payer_phone,
            charge.held_until,
            charge.created_at + ABSENT_AFTER,
            charge.created_at + RECOVER_AFTER,
            charge.traceparent,
            choice.kept(),
            prompted,
            charge.created_at + PROMPT_FOR,
        )
    except Exception as error:
        if constraint_of(error) != "charge_prompt_once":
            raise
        until = await postgres.fetchval(_sql["prompt_until"], charge.account_id, prompted)
        raise PhoneIsAsked(until or charge.created_at + ASK_AGAIN) from None
    return made is not None


async def undo_reservation(postgres: Postgres, charge_id: UUID, now: datetime) -> None:
    """Gives the session back to the buyer. Only for a charge that the provider was never asked for."""
    await postgres.execute(_sql["undo_reservation"], charge_id, now, now + RETRY_FOR)


async def ask_soon(
    postgres: Postgres, charge_id: UUID, *, at: datetime, absent_after: datetime | None, absent_reason: FailureReason
) -> None:
    """Recovery asks the provider at `at`: the outcome of creating it is unknown.

    A "no such payment" is believed after `absent_after` (None: as before).
    """
    await postgres.execute(_sql["ask_soon"], charge_id, at, absent_after, absent_reason)


async def claim_due(postgres: Postgres, now: datetime, *, limit: int) -> list[DueCharge]:
    rows = await postgres.fetch(
        _sql["claim_due"], now, limit, SCHEDULE_SECONDS, LOOK_BACK_SECONDS, MOBILE_MONEY_SECONDS, BANK_TRANSFER_SECONDS
    )
    return [DueCharge(**dict(row)) for row in rows]


async def extend_hold(postgres: Postgres, charge_id: UUID, held_until: datetime) -> None:
    await postgres.execute(_sql["extend_hold"], charge_id, held_until)


async def lock_charges(tx: Transaction, references: Sequence[str]) -> dict[str, tuple[Charge, Story]]:
    """By reference; locked until the transaction ends."""
    rows: Sequence[Record] = await tx.fetch(_sql["lock_charges"], references)
    return {row["reference"]: (_charge(row, "", action=row["next_action_text"]), _story(row)) for row in rows}


async def write_changes(on: Postgres | Transaction, changes: Changes, now: datetime) -> set[UUID]:
    """Ids of the charges that were still as they were in `before`; the others, and their facts, are not written."""
    befores = [before for before, _ in changes.charges]
    afters = [after for _, after in changes.charges]
    rows: Sequence[Record] = await on.fetch(
        _sql["write_changes"],
        now,
        [after.id for after in afters],
        [before.version for before in befores],
        [after.status for after in afters],
        [after.version for after in afters],
        [after.provider_id for after in afters],
        [after.failure_reason for after in afters],
        [after.payer_last4 for after in afters],
        [after.card_brand for after in afters],
        [_encode(after.next_action).decode() if after.next_action else None for after in afters],
        [" ".join(after.event_ids) for after in afters],
        [_next_poll(before, after, now) for before, after in changes.charges],
        now + RETRY_FOR,
        [verdict[0] for verdict in changes.verdicts],
        [verdict[1] for verdict in changes.verdicts],
        [verdict[2] for verdict in changes.verdicts],
        *outbox.columns([fact[0] for fact in changes.facts], now, [fact[1] for fact in changes.facts]),
        [fact[2] for fact in changes.facts],
        *ledger.columns([posting for before, after in changes.charges for posting in of_change(before, after)]),
        [after.payment_id for after in afters],
        [after.id for before, after in changes.charges if after.fee_later and before.status != after.status],
        now + FIRST_FEE_ASK,
    )
    return {row["id"] for row in rows}


def _next_poll(before: Charge, after: Charge, now: datetime) -> datetime | None:
    """What was polled has its next turn from claim_due (None); what has just begun, or just failed, gets its first."""
    if after.status in ENDED_UNPAID and before.status not in ENDED_UNPAID:
        return now + timedelta(seconds=LOOK_BACK_SECONDS[0])
    return now + FIRST_POLL if before.status == "created" else None


def charge_of_session_row(row: Record) -> Charge:
    """The charge in a row of `read_session`: its columns are called `charge_…` where both tables have the name."""
    return _charge(row, "charge_", action=row["next_action"])


def _charge(row: Record, prefix: str, *, action: str | None) -> Charge:
    return Charge(
        id=row[f"{prefix}id"],
        session_id=row["id" if prefix else "session_id"],
        org_id=row["org_id"],
        link_id=row["link_id"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        provider=row["provider"],
        method=row["method"],
        reference=row["reference"],
        total=Money(row[f"{prefix}total_minor"], row[f"{prefix}currency"]),
        status=row[f"{prefix}status"],
        version=row[f"{prefix}version"],
        provider_id=row["provider_id"],
        failure_reason=row["failure_reason"],
        payer_phone=row["payer_phone"],
        payer_last4=row["payer_last4"],
        card_brand=row["card_brand"],
        next_action=_next_action(action) if action else None,
        event_ids=tuple(row["event_ids"]),
        held_until=row["held_until"],
        traceparent=row["traceparent"],
        payment_id=row["payment_id"],
        created_at=row[f"{prefix}created_at"],
        updated_at=row[f"{prefix}updated_at"],
    )


def _story(row: Record) -> Story:
    return Story(
        link=_link(row["link"]),
        customer=CustomerView(email=row["email"], name=row["name"], phone=row["phone"]),
        locale=row["locale"],
        session_status=row["session_status"],
    )
