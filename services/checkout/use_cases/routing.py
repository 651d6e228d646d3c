"""Who of the organization's providers takes a payment of a link."""

from collections.abc import Iterable

from services.checkout.domain.faults import MethodUnavailable, ProviderNotConnected
from services.checkout.domain.pricing import payable_currencies
from services.checkout.domain.routing import Route, Wish, methods_taken, route
from services.checkout.providers.port import Account
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.breakers import Breakers
from shared.contracts.links import LinkView, Method


class Routing:
    def __init__(self, accounts: Accounts, breakers: Breakers) -> None:
        self._accounts = accounts
        self._breakers = breakers

    async def methods(self, link: LinkView, currency: str | None = None) -> tuple[Method, ...]:
        """The link's methods that a connected account takes, in the link's order; empty when there is none.

        `currency` is what is paid in, once that is settled.
        """
        offers = await self._accounts.offers(link.org_id, livemode=link.livemode)
        currencies: Iterable[str] = (currency,) if currency else payable_currencies(link.pricing)
        return methods_taken(offers, link.methods, currencies=currencies, providers=link.providers)

    async def payable_methods(self, link: LinkView, currency: str | None = None) -> tuple[Method, ...]:
        """As above, at least one.

        Raises:
            ProviderNotConnected: the link is live, and no live provider is connected.
            MethodUnavailable: none of them.
        """
        methods = await self.methods(link, currency)
        if not methods:
            if link.livemode and not await self._accounts.offers(link.org_id, livemode=True):
                raise ProviderNotConnected(link)
            raise MethodUnavailable(link.methods[0] if link.methods else "none", ())
        return methods

    async def route(self, link: LinkView, wish: Wish) -> Route:
        """The accounts that take it, in the order in which they are tried, and why the others do not."""
        offers = await self._accounts.offers(link.org_id, livemode=link.livemode)
        return route(offers, wish, available=self._breakers.available)

    async def card_account(self, link: LinkView, currency: str | None) -> Account | None:
        """The account whose own card field stands in our page; None where cards go by the provider's page.

        Raises:
            Unavailable: the provider does not answer.
        """
        currencies = (currency,) if currency else payable_currencies(link.pricing) or ("",)
        wish = Wish(method="card", currency=currencies[0], providers=link.providers)
        candidates = (await self.route(link, wish)).candidates
        if not candidates or not candidates[0].card_tokens:
            return None
        return await self._accounts.of_offer(candidates[0], link)
