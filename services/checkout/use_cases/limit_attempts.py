"""Card testing and prompt bombing: how many tries may fail, by link, card, address and phone, before more are refused.

Only failures count: a popular link is paid as often as people like.
"""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import Charge
from shared.contracts.checkout import FailureReason
from shared.contracts.links import Method
from shared.runtime.edge import LOOPBACK
from shared.runtime.limits import Limiter, RateLimited

KNOWN_MAX: Final = 20_000
_HOUR: Final = 3600
_COUNTED: Final[dict[str, frozenset[FailureReason]]] = {
    "card": frozenset({"declined", "insufficient_funds", "authentication_failed"}),
    "mobile_money": frozenset({"rejected_by_payer", "expired", "payer_not_found"}),
}


class FailuresPerHour(Struct, frozen=True, kw_only=True):
    cards_per_link: int
    cards_per_address: int
    tries_per_card: int
    prompts_per_phone: int


class LimitAttempts:
    def __init__(self, limits: FailuresPerHour, *, test_mode: bool) -> None:
        self._links = _limiter("failed_cards_of_link", limits.cards_per_link)
        self._addresses = _limiter("failed_cards_of_address", limits.cards_per_address)
        self._cards = _limiter("failed_tries_of_card", limits.tries_per_card)
        self._phones = _limiter("failed_prompts_of_phone", limits.prompts_per_phone)
        self._test_mode = test_mode
        self._from: OrderedDict[UUID, str] = OrderedDict()

    def require(self, link_id: UUID, method: Method, *, phone: str | None, client_ip: str) -> None:
        """Raises: RateLimited. Scripts on the machine of a test-mode stack are not held up."""
        if self._test_mode and client_ip in LOOPBACK:
            return
        if method == "card":
            self._links.require(str(link_id))
            self._addresses.require(client_ip)
        if phone is not None:
            self._phones.require(phone)

    def began(self, charge_id: UUID, client_ip: str) -> None:
        """Where the charge was asked for: a failure may be told much later, by a callback."""
        if client_ip:
            self._from[charge_id] = client_ip
            if len(self._from) > KNOWN_MAX:
                self._from.popitem(last=False)

    def failed(self, charge: Charge) -> None:
        client_ip = self._from.pop(charge.id, "")
        if charge.failure_reason not in _COUNTED.get(charge.method, ()) or (self._test_mode and client_ip in LOOPBACK):
            return
        if charge.method == "card":
            _spend(self._links, str(charge.link_id))
            # One card tried too often ends the patience with where it was tried from: the next number comes from there.
            card = f"{charge.card_brand} {charge.payer_last4}" if charge.payer_last4 else None
            worn_out = card is not None and not _spend(self._cards, f"{charge.link_id} {card}")
            if client_ip and worn_out:
                self._addresses.drain(client_ip)
            elif client_ip:
                _spend(self._addresses, client_ip)
        elif charge.payer_phone is not None:
            _spend(self._phones, charge.payer_phone)


def _limiter(kind: str, per_hour: int) -> Limiter:
    return Limiter(kind, per_second=per_hour / _HOUR, burst=per_hour)


def _spend(limiter: Limiter, name: str) -> bool:
    try:
        limiter.spend(name)
    except RateLimited:
        return False
    return True
