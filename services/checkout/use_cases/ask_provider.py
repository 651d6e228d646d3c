"""Questions to providers about payments, a few at a time."""

import asyncio
from uuid import UUID

from services.checkout.providers.port import Account, FindResult, FindsPayments, Payment, StatusResult
from services.checkout.providers.registry import Providers
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.breakers import Breakers


class AskProvider:
    """At most `at_once_max` questions are under way; others wait for their turn."""

    def __init__(self, providers: Providers, accounts: Accounts, *, breakers: Breakers, at_once_max: int) -> None:
        self._providers = providers
        self._accounts = accounts
        self._breakers = breakers
        self._slots = asyncio.Semaphore(at_once_max)

    async def status(self, account_id: UUID, provider: str, payment: Payment) -> tuple[Account, StatusResult] | None:
        """How the payment stands, and the account that it was asked for; None: there is nobody who could be asked."""
        account = await self._accounts.if_opened(account_id)
        found = self._providers.find(provider)
        if account is None or found is None:
            return None
        async with self._slots:
            answer = await found.status(account, payment)
        self._breakers.heard(account, "status", answer)
        return account, answer

    async def reference(self, account_id: UUID, provider: str, payment_id: str) -> FindResult | None:
        """Ours, of a payment by its name at the provider; None: there is nobody who could tell."""
        account = await self._accounts.by_id(account_id)
        found = self._providers.find(provider)
        if account is None or not isinstance(found, FindsPayments):
            return None
        async with self._slots:
            return await found.find_reference(account, payment_id)
