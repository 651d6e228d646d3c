"""Comparing what two books say, line by line. Pure: rows come in, differences go out."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from msgspec import Struct


class Difference(Struct, frozen=True, order=True):
    """`code` is stable; `subject` is the id of what it is about."""

    code: str
    subject: str
    text: str


class Entry(Struct, frozen=True):
    """Money of one charge or refund, as one book has it. `counted` is links' alone."""

    id: UUID
    link_id: UUID
    amount_minor: int
    currency: str
    counted: bool = True

    @property
    def money(self) -> tuple[UUID, int, str]:
        return self.link_id, self.amount_minor, self.currency


class Earned(Struct):
    """By link: how many charges count, and by currency how much they brought; from the ledger's amounts."""

    uses: Counter[UUID]
    revenue: Counter[tuple[UUID, str]]


CODES: Final = {
    "charge": ("not_counted", "counted_without_money"),
    "refund": ("refund_not_told", "refund_without_money"),
}


async def compared(
    kind: str, ledger: AsyncIterator[Entry], links: AsyncIterator[Entry], earned: Earned
) -> list[Difference]:
    """Both in the order of their ids. What links counts is added to `earned` with the amounts of the ledger."""
    missing, unfounded = CODES[kind]
    found: list[Difference] = []
    ours, theirs = await anext(ledger, None), await anext(links, None)
    last: UUID | None = None
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours.id < theirs.id):
            assert ours is not None
            if ours.id != last:
                text = f"the ledger has {ours.amount_minor} {ours.currency} of this {kind}, links knows nothing of it"
                found.append(Difference(missing, str(ours.id), text))
            ours = await anext(ledger, None)
        elif ours is None or theirs.id < ours.id:
            what = "has it twice" if theirs.id == last else "has it, the ledger has not"
            text = f"links {what}: {theirs.amount_minor} {theirs.currency} of this {kind}"
            found.append(Difference(unfounded, str(theirs.id), text))
            theirs = await anext(links, None)
        else:
            if ours.money != theirs.money:
                text = (
                    f"the ledger has {ours.amount_minor} {ours.currency} of link {ours.link_id}, "
                    f"links {theirs.amount_minor} {theirs.currency} of link {theirs.link_id}"
                )
                found.append(Difference("other_amount", str(ours.id), text))
            if theirs.counted and kind == "charge":
                earned.uses[ours.link_id] += 1
                earned.revenue[ours.link_id, ours.currency] += ours.amount_minor
            last = ours.id
            ours, theirs = await anext(ledger, None), await anext(links, None)
    return found


def uses_compared(earned: Earned, told: dict[UUID, int]) -> list[Difference]:
    return [
        Difference(
            "other_uses", str(link_id), f"links counts {told.get(link_id, 0)} uses, {earned.uses[link_id]} were paid"
        )
        for link_id in sorted(earned.uses.keys() | told.keys())
        if earned.uses[link_id] != told.get(link_id, 0)
    ]


def revenue_compared(earned: Earned, told: dict[tuple[UUID, str], int]) -> list[Difference]:
    return [
        Difference(
            "other_revenue",
            str(link_id),
            f"links tells of {told.get((link_id, currency), 0)} {currency}, "
            f"the ledger has {earned.revenue[link_id, currency]}",
        )
        for link_id, currency in sorted(earned.revenue.keys() | told.keys())
        if earned.revenue[link_id, currency] != told.get((link_id, currency), 0)
    ]
