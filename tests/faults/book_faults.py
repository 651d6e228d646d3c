"""What goes wrong in one of two books, and how a report must list it, or learn it. One fault a charge or refund."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tests.support.both_books import BEGINS, ENDS, BothBooks, Entry

Listed = tuple[str, str, str, str, str]
"""About, kind, reference, ours, theirs."""
NO_PAYMENT: Final = "no such payment"
NO_REFUND: Final = "no such refund"
MOMENT: Final = timedelta(milliseconds=1)


class Faults:
    """Puts each kind of fault in `times` times. `expected`: what is to be listed, on this day and the next."""

    def __init__(self, books: BothBooks, *, times: int, duplicates: bool) -> None:
        self.books = books
        self.expected: Counter[Listed] = Counter()
        self.learned: set[str] = set()
        self._paid = self._untouched(books.ours, "succeeded")
        self._pending = self._untouched(books.ours, "pending")
        self._expired = self._untouched(books.ours, "expired")
        self._given = self._untouched(books.refunds_ours, "succeeded")
        kinds: list[Callable[[], None]] = [
            self.only_theirs,
            self.only_theirs_at_midnight,
            self.only_ours,
            self.amount_differs,
            self.currency_differs,
            self.reference_altered,
            self.captured_and_never_told,
            self.captured_after_it_had_expired,
            self.never_captured,
            self.refund_only_theirs,
            self.refund_only_ours,
            self.refund_of_another_amount,
            self.refund_failed_there,
        ]
        if books.fees:
            kinds += [self.fee_differs, self.fee_never_posted]
        if duplicates:
            kinds += [self.captured_twice, self.captured_again_on_the_next_day, self.refunded_twice]
        for put_in in kinds:
            for _ in range(times):
                put_in()

    def _untouched(self, entries: dict[str, Entry], status: str) -> Iterator[Entry]:
        """In any order, but none that a refund is of, none near midnight, and each only once."""
        refunded = {one.payment for one in self.books.refunds_ours.values()}
        near = timedelta(minutes=2)
        found = [
            one
            for one in entries.values()
            if one.status == status and one.provider_id not in refunded and BEGINS + near < one.at < ENDS - near
        ]
        self.books.chance.shuffle(found)
        return iter(found)

    def _listed(self, kind: str, one: Entry, ours: str, theirs: str, *, about: str = "charge") -> None:
        self.expected[about, kind, one.reference, ours, theirs] += 1

    def only_theirs(self) -> None:
        paid = self.books.pay(at=next(self._paid).at, status="succeeded")
        del self.books.ours[paid.reference]
        self._listed("unknown", paid, NO_PAYMENT, f"succeeded, {paid.words}")

    def only_theirs_at_midnight(self) -> None:
        """In the last and in the first moment of a day: each in the report of its own day."""
        for at in (ENDS - MOMENT, ENDS):
            paid = self.books.pay(at=at, theirs_at=at, status="succeeded")
            del self.books.ours[paid.reference]
            self._listed("unknown", paid, NO_PAYMENT, f"succeeded, {paid.words}")

    def only_ours(self) -> None:
        paid = next(self._paid)
        del self.books.theirs[paid.reference]
        self._listed("missing", paid, "succeeded", NO_PAYMENT)

    def amount_differs(self) -> None:
        paid = next(self._paid)
        theirs = self._theirs(paid, amount=paid.amount - 1)
        self._listed("amount", paid, paid.words, theirs.words)

    def currency_differs(self) -> None:
        paid = next(self._paid)
        theirs = self._theirs(paid, currency="USD" if paid.currency != "USD" else "EUR", fee=0)
        if self.books.fees:
            self._ours(paid, fee=0)
        self._listed("currency", paid, paid.words, theirs.words)

    def reference_altered(self) -> None:
        paid = next(self._paid)
        altered = self.books.id_at(paid.at).hex
        self._theirs(paid, reference=altered)
        self._listed("reference", paid, paid.reference, altered)

    def captured_and_never_told(self) -> None:
        waiting = next(self._pending)
        self._theirs(waiting, status="succeeded")
        self._listed("status", waiting, "pending", "succeeded")

    def captured_after_it_had_expired(self) -> None:
        over = next(self._expired)
        self._theirs(over, status="succeeded")
        self._listed("status", over, "expired", "succeeded")

    def never_captured(self) -> None:
        paid = next(self._paid)
        self._theirs(paid, status="expired")
        self._listed("status", paid, "succeeded", "expired")

    def fee_differs(self) -> None:
        paid = next(self._paid)
        theirs = self._theirs(paid, fee=paid.fee + 1)
        self._listed("fee", paid, f"{paid.fee} {paid.currency}", f"{theirs.fee} {paid.currency}")

    def fee_never_posted(self) -> None:
        paid = next(self._paid)
        self._ours(paid, fee=0)
        self.learned.add(paid.reference)

    def captured_twice(self) -> None:
        self._again(next(self._paid), timedelta(seconds=70))

    def captured_again_on_the_next_day(self) -> None:
        paid = next(self._paid)
        self._again(paid, ENDS + timedelta(hours=5) - paid.at)

    def _again(self, paid: Entry, later: timedelta) -> None:
        twin = replace(paid, provider_id=f"{paid.provider_id}again", at=paid.at + later)
        self.books.theirs[twin.provider_id] = twin
        self._listed("duplicate", paid, paid.provider_id, f"succeeded, {paid.words}")

    def refund_only_theirs(self) -> None:
        """Given back at the provider's own dashboard, so that it bears no reference of ours."""
        paid = next(self._paid)
        given = self.books.give_back(paid, status="succeeded")
        del self.books.refunds_ours[given.reference]
        self._listed("unknown", given, NO_REFUND, f"succeeded, {given.words}", about="refund")

    def refund_only_ours(self) -> None:
        given = next(self._given)
        del self.books.refunds_theirs[given.reference]
        self._listed("missing", given, "succeeded", NO_REFUND, about="refund")

    def refund_of_another_amount(self) -> None:
        given = next(self._given)
        theirs = replace(self.books.refunds_theirs[given.reference], amount=given.amount - 1)
        self.books.refunds_theirs[given.reference] = theirs
        self._listed("amount", given, given.words, theirs.words, about="refund")

    def refund_failed_there(self) -> None:
        given = next(self._given)
        self.books.refunds_theirs[given.reference] = replace(
            self.books.refunds_theirs[given.reference], status="failed"
        )
        self._listed("status", given, "succeeded", "failed", about="refund")

    def refunded_twice(self) -> None:
        given = next(self._given)
        twin = replace(self.books.refunds_theirs[given.reference], provider_id=f"{given.provider_id}again")
        self.books.refunds_theirs[twin.provider_id] = twin
        self._listed("duplicate", given, given.provider_id, f"succeeded, {given.words}", about="refund")

    def _theirs(self, one: Entry, **over: Any) -> Entry:
        changed = replace(self.books.theirs[one.reference], **over)
        self.books.theirs[one.reference] = changed
        return changed

    def _ours(self, one: Entry, **over: Any) -> None:
        self.books.ours[one.reference] = replace(one, **over)
