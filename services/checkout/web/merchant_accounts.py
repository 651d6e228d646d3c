"""`/v1/provider-accounts` and `/v1/providers`: what a merchant connects, and who takes which payment."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, get_args
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse
from msgspec.structs import asdict

from services.checkout.domain.operators import countries_for, normalize_phone
from services.checkout.domain.pricing import payable_currencies
from services.checkout.domain.routing import Wish
from services.checkout.providers.port import Provider
from services.checkout.use_cases.manage_accounts import AccountPatch, Listed, NewAccount
from services.checkout.use_cases.merchant import Merchant
from services.checkout.web.merchant_wire import (
    CONNECT,
    PATCH,
    ROTATE,
    CandidateOut,
    CredentialOut,
    LeftOutOut,
    ProviderAccountOut,
    ProviderOut,
    ProvidersOut,
    RouteOut,
    SecretOut,
)
from services.checkout.web.owner import owner_of
from shared.contracts.links import LinkView, Method
from shared.kernel.faults import Invalid, NotFound
from shared.runtime.merchant import AnyRequest, Call, answer_of, begin, ok, respond

READ: Final = "providers:read"
WRITE: Final = "providers:write"
_CURRENCY: Final = re.compile("[A-Z]{3}")
_PROVIDER: Final = re.compile("[a-z0-9_]{1,40}")
_METHODS: Final = {str(method): method for method in get_args(Method)}


def routes(merchant: Merchant) -> list[Any]:
    desk = AccountsDesk(merchant)
    return [*_reading(merchant, desk), *_changing(merchant, desk)]


def _reading(merchant: Merchant, desk: "AccountsDesk") -> list[Any]:
    @get("/v1/providers")
    async def list_providers(request: AnyRequest) -> ASGIResponse:
        await begin(request, merchant.callers, READ, clock=merchant.clock)
        return ok(ProvidersOut([desk.provider_out(one) for one in merchant.providers.to_connect()]))

    @get("/v1/provider-accounts")
    async def list_accounts(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        asked = call.listing(("provider",))
        found = await merchant.manage_accounts.list(
            owner_of(call), before=asked.before, provider=_provider(asked.filters.get("provider")), limit=asked.limit
        )
        return ok(asked.page(found, desk.account_out, place=lambda one: one.row.id))

    @get("/v1/provider-accounts/route")
    async def explain_route(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        return ok(await desk.route(call))

    @get("/v1/provider-accounts/{account_id:uuid}")
    async def get_account(request: AnyRequest, account_id: UUID) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        return ok(desk.account_out(await merchant.manage_accounts.get(owner_of(call), account_id)))

    return [list_providers, list_accounts, explain_route, get_account]


def _changing(merchant: Merchant, desk: "AccountsDesk") -> list[Any]:
    @post("/v1/provider-accounts")
    async def connect_account(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, merchant.callers, WRITE, clock=merchant.clock)
        body = await call.body(CONNECT)
        return respond(
            await merchant.manage_accounts.connect(
                owner_of(call),
                NewAccount(**asdict(body)),
                now=call.now,
                key=await call.once("provider-accounts"),
                render=lambda made: answer_of(desk.account_out(made), status=201),
            )
        )

    @patch("/v1/provider-accounts/{account_id:uuid}")
    async def change_account(request: AnyRequest, account_id: UUID) -> ASGIResponse:
        call = await begin(request, merchant.callers, WRITE, clock=merchant.clock)
        change = AccountPatch(**asdict(await call.body(PATCH)))
        return ok(
            desk.account_out(await merchant.manage_accounts.change(owner_of(call), account_id, change, now=call.now))
        )

    @post("/v1/provider-accounts/{account_id:uuid}/rotate", status_code=200)
    async def rotate_credentials(request: AnyRequest, account_id: UUID) -> ASGIResponse:
        call = await begin(request, merchant.callers, WRITE, clock=merchant.clock)
        body = await call.body(ROTATE)
        rotated = await merchant.manage_accounts.rotate(
            owner_of(call), account_id, body.credentials, overlap=timedelta(hours=body.overlap_hours), now=call.now
        )
        return ok(desk.account_out(rotated))

    @delete("/v1/provider-accounts/{account_id:uuid}", status_code=204)
    async def delete_account(request: AnyRequest, account_id: UUID) -> None:
        call = await begin(request, merchant.callers, WRITE, clock=merchant.clock)
        await merchant.manage_accounts.delete(owner_of(call), account_id, now=call.now)

    return [connect_account, change_account, rotate_credentials, delete_account]


class AccountsDesk:
    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant

    def provider_out(self, provider: Provider) -> ProviderOut:
        return ProviderOut(
            name=provider.name,
            takes=_takes(provider.takes),
            refunds=provider.refunds,
            credentials=[CredentialOut(**asdict(one)) for one in provider.credentials],
            callback_url=f"{self._merchant.public_url}/callbacks/{provider.name}/{{account}}",
        )

    def account_out(self, listed: Listed) -> ProviderAccountOut:
        row = listed.row
        return ProviderAccountOut(
            id=row.id,
            provider=row.provider,
            label=row.label,
            livemode=row.livemode,
            status="disabled" if row.disabled_at else "active",
            takes=_takes(listed.offer.takes),
            methods=row.methods,
            currencies=row.currencies,
            operators=listed.offer.operators,
            priority=row.priority,
            availability=self._merchant.breakers.state(row.id),
            callback_url=f"{self._merchant.public_url}/callbacks/{row.provider}/{row.external_id}",
            credentials=[SecretOut(name, last4) for name, last4 in row.hints.items()],
            credentials_updated_at=row.credentials_at,
            old_credentials_until=row.old_until,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    async def route(self, call: Call) -> RouteOut:
        """Raises: Invalid, NotFound, Unavailable."""
        query = call.request.query_params
        for name in query:
            if name not in {"link", "method", "currency", "phone"}:
                raise Invalid(name[:64], "is not a parameter of this route")
        link = await self._link(call, query.get("link", ""))
        method = _METHODS.get(query.get("method", ""))
        if method is None:
            raise Invalid("method", f"must be one of {', '.join(_METHODS)}")
        currency = query.get("currency") or next(iter(payable_currencies(link.pricing)), None)
        if currency is None or not _CURRENCY.fullmatch(currency):
            raise Invalid("currency", "name the currency: the link names none")
        phone = normalize_phone(query.get("phone", ""), country=next(iter(countries_for(currency)), None))
        wish = Wish(method=method, currency=currency, phone=phone, providers=link.providers)
        route = await self._merchant.routing.route(link, wish)
        return RouteOut(
            [CandidateOut(one.account_id, one.provider, one.priority) for one in route.candidates],
            [LeftOutOut(one.account_id, one.provider, one.reason) for one in route.left_out],
        )

    async def _link(self, call: Call, where: str) -> LinkView:
        """By id or slug; a link of somebody else is not there."""
        try:
            key: str | UUID = UUID(where)
        except ValueError:
            key = where
        link = await self._merchant.view_link(key, call.now)
        if (link.org_id, link.livemode) != (call.caller.org_id, call.caller.livemode):
            raise NotFound("link")
        return link


def _provider(name: str | None) -> str | None:
    if name is not None and not _PROVIDER.fullmatch(name):
        raise Invalid("provider", "is not the name of a provider")
    return name


def _takes(takes: Mapping[Method, frozenset[str] | None]) -> dict[str, list[str] | None]:
    return {method: None if taken is None else sorted(taken) for method, taken in takes.items()}
