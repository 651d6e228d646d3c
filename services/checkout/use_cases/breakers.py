"""The circuit breakers of this process, one an account, and what Prometheus sees of them."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge

from services.checkout.domain.breaker import Breaker, BreakerState
from services.checkout.providers.port import Account, NotSent, Unknown, Unreachable

KEPT_MAX: Final = 10_000
CALLS: Final = Counter(
    "paylinks_provider_calls_total", "Questions to payment providers.", ["provider", "question", "answer"]
)
OPENED: Final = Counter(
    "paylinks_provider_breakers_opened_total", "Circuit breakers that opened, by provider.", ["provider"]
)
OPEN: Final = Gauge("paylinks_provider_breakers_open", "Circuit breakers that are open now, by provider.", ["provider"])


class Breakers:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._breakers: OrderedDict[UUID, Breaker] = OrderedDict()
        self._open: dict[UUID, str] = {}

    def available(self, account_id: UUID) -> bool:
        breaker = self._breakers.get(account_id)
        return breaker is None or breaker.lets_through(self._monotonic())

    def state(self, account_id: UUID) -> BreakerState:
        breaker = self._breakers.get(account_id)
        return "closed" if breaker is None else breaker.state(self._monotonic())

    def begins(self, account: Account) -> None:
        if breaker := self._breakers.get(account.id):
            breaker.begins(self._monotonic())

    def heard(self, account: Account, question: str, answer: object) -> None:
        """Counts what the provider made of a question: silence and errors of its own open the breaker."""
        CALLS.labels(account.provider, question, type(answer).__name__).inc()
        if isinstance(answer, NotSent | Unknown | Unreachable):
            self._failed(account)
        elif breaker := self._breakers.pop(account.id, None):
            breaker.answered()
            if self._open.pop(account.id, None):
                OPEN.labels(account.provider).dec()

    def _failed(self, account: Account) -> None:
        breaker = self._breakers.setdefault(account.id, Breaker())
        breaker.failed(self._monotonic())
        if breaker.state(self._monotonic()) == "open" and account.id not in self._open:
            self._open[account.id] = account.provider
            OPENED.labels(account.provider).inc()
            OPEN.labels(account.provider).inc()
        while len(self._breakers) > KEPT_MAX:
            forgotten, _ = self._breakers.popitem(last=False)
            if provider := self._open.pop(forgotten, None):
                OPEN.labels(provider).dec()
