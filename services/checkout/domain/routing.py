"""Which of an organization's accounts takes a payment, in which order they are tried, and why others are left out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.operators import operator_hint
from shared.contracts.links import Method

LeftOutReason = Literal[
    "not_named_by_link",
    "method_not_taken",
    "currency_not_taken",
    "operator_not_taken",
    "takes_no_card_token",
    "stands_in_only",
    "unavailable",
]

STAND_IN_PRIORITY: Final = 1_000_000


class Offer(Struct, frozen=True, kw_only=True):
    """What an account takes. `account_id` None: the sandbox's, which is opened when it is first needed.

    `takes`: currencies by method, None for every currency. `operators` None: numbers of any.
    """

    account_id: UUID | None
    provider: str
    takes: Mapping[Method, frozenset[str] | None]
    operators: tuple[str, ...] | None = None
    priority: int = 100
    stands_in: bool = False
    card_tokens: bool = False


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be paid. `providers` are those that the link allows; empty: all."""

    method: Method
    currency: str
    phone: str | None = None
    providers: tuple[str, ...] = ()
    card_token: bool = False


class LeftOut(Struct, frozen=True):
    account_id: UUID | None
    provider: str
    reason: LeftOutReason


class Tried(Struct, frozen=True):
    """An account whose provider could not be reached, or refused, so that nothing is with it. `answer` says which."""

    account_id: UUID
    provider: str
    answer: str


class Route(Struct, frozen=True):
    """`candidates` in the order in which they are tried."""

    candidates: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def only_unavailable(self) -> bool:
        """Somebody would take it, if their provider answered."""
        return not self.candidates and any(one.reason == "unavailable" for one in self.left_out)


def route(offers: Iterable[Offer], wish: Wish, *, available: Callable[[UUID], bool]) -> Route:
    """The lowest priority first; of the same, an account for the number's operator; then the oldest.

    An account that stands in (the sandbox) is taken only where no other is set up for this payment.
    """
    fits: list[Offer] = []
    left_out: list[LeftOut] = []
    for offer in offers:
        reason = _unfit(offer, wish)
        if reason is None:
            fits.append(offer)
        else:
            left_out.append(LeftOut(offer.account_id, offer.provider, reason))
    real = [offer for offer in fits if not offer.stands_in]
    if real:
        left_out += [LeftOut(one.account_id, one.provider, "stands_in_only") for one in fits if one.stands_in]
        fits = real
    candidates: list[Offer] = []
    for offer in sorted(fits, key=lambda one: (one.priority, not _names_operator(one, wish.phone))):
        if offer.account_id is None or available(offer.account_id):
            candidates.append(offer)
        else:
            left_out.append(LeftOut(offer.account_id, offer.provider, "unavailable"))
    return Route(tuple(candidates), tuple(left_out))


def methods_taken(
    offers: Iterable[Offer], methods: Iterable[Method], *, currencies: Iterable[str], providers: tuple[str, ...]
) -> tuple[Method, ...]:
    """Of `methods`, in their order, those that some account is set up for, in one of the currencies (none: any)."""
    fit = [offer for offer in offers if _named(offer, providers)]
    wanted = frozenset(currencies)
    return tuple(method for method in methods if any(_takes(offer.takes, method, wanted) for offer in fit))


def _takes(takes: Mapping[Method, frozenset[str] | None], method: Method, wanted: frozenset[str]) -> bool:
    if method not in takes:
        return False
    taken = takes[method]
    return taken is None or not wanted or bool(taken & wanted)


def _unfit(offer: Offer, wish: Wish) -> LeftOutReason | None:
    if not _named(offer, wish.providers):
        return "not_named_by_link"
    if wish.method not in offer.takes:
        return "method_not_taken"
    if not _takes(offer.takes, wish.method, frozenset((wish.currency,))):
        return "currency_not_taken"
    if wish.card_token and not offer.card_tokens:
        return "takes_no_card_token"
    hint = operator_hint(wish.phone) if wish.phone else None
    # Where people keep their number when they change operator, the prefix is a hint and keeps nobody out.
    if offer.operators is not None and hint and hint.confidence == "high" and hint.operator not in offer.operators:
        return "operator_not_taken"
    return None


def _named(offer: Offer, providers: tuple[str, ...]) -> bool:
    """The sandbox stands in for whatever the link names."""
    return offer.stands_in or not providers or offer.provider in providers


def _names_operator(offer: Offer, phone: str | None) -> bool:
    hint = operator_hint(phone) if phone else None
    return hint is not None and hint.operator in (offer.operators or ())
