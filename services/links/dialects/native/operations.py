"""Every operation of the native API, once: what the OpenAPI document says and what a test holds the routes to."""

from typing import Any, Final, get_args

from services.links.dialects.native import examples
from services.links.dialects.native.operation import Operation, Query
from services.links.dialects.native.wire import account, catalog, links
from services.links.dialects.native.wire.common import Page
from services.links.domain.keys import Scope

_PAGE: Final[Query] = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    ("cursor", {"type": "string", "description": "`next_cursor` of the page before."}),
)
_LINK_FILTERS: Final[Query] = (
    ("state", {"type": "string", "enum": list(get_args(links.State))}),
    ("slug", {"type": "string", "maxLength": 64}),
    ("currency", {"type": "string", "pattern": "^[A-Z]{3}$"}),
)
_ACTIVE: Final[Query] = (("active", {"type": "boolean"}),)


def _page(example: Any) -> dict[str, Any]:
    return {"data": [example], "has_more": False, "next_cursor": None}


_LINK: Final = "/v1/payment-links/{link_id}"
_PRODUCT: Final = "/v1/products/{product_id}"
_ORGANIZATION: Final = "/v1/organizations/{org_id}"
_KEY: Final = "/v1/api-keys/{key_id}"


def _moving(verb: str, summary: str, *, scope: Scope = "links:write") -> Operation:
    return Operation(
        method="post",
        path=f"{_LINK}/{verb}",
        id=f"{verb}PaymentLink",
        summary=summary,
        scope=scope,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        if_match=True,
        has_revision=True,
        codes=() if verb == "archive" else ("link_ended",),
    )


_LINKS: Final = (
    Operation(
        method="post",
        path="/v1/payment-links",
        id="createPaymentLink",
        summary="Make a payment link",
        scope="links:write",
        status=201,
        body=links.CreatePaymentLink,
        body_example=examples.CREATE_LINK,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        has_revision=True,
        codes=("slug_taken", "unknown_currency", "not_found", "product_archived"),
    ),
    Operation(
        method="get",
        path="/v1/payment-links",
        id="listPaymentLinks",
        summary="List payment links, newest first",
        scope="links:read",
        answer=Page[links.PaymentLink],
        answer_example=_page(examples.LINK),
        query=_PAGE + _LINK_FILTERS,
    ),
    Operation(
        method="get",
        path=_LINK,
        id="getPaymentLink",
        summary="Read a payment link",
        scope="links:read",
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        has_revision=True,
    ),
    Operation(
        method="patch",
        path=_LINK,
        id="updatePaymentLink",
        summary="Change what is named; null clears",
        scope="links:write",
        body=links.PatchPaymentLink,
        body_example=examples.PATCH_LINK,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        if_match=True,
        has_revision=True,
        codes=("slug_taken", "unknown_currency", "link_ended", "product_archived"),
    ),
    Operation(
        method="delete",
        path=_LINK,
        id="deletePaymentLink",
        summary="Archive a payment link, for good",
        scope="links:write",
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        if_match=True,
        has_revision=True,
    ),
    _moving("pause", "Stop taking payments for now"),
    _moving("resume", "Take payments again"),
    _moving("archive", "End a payment link, for good"),
    Operation(
        method="get",
        path=f"{_LINK}/charges",
        id="listCharges",
        summary="List the charges of a payment link, newest first",
        scope="charges:read",
        answer=Page[links.Charge],
        answer_example=_page(examples.CHARGE),
        query=_PAGE,
    ),
    Operation(
        method="get",
        path=f"{_LINK}/stats",
        id="getStats",
        summary="Uses, and revenue and paid count by currency, exact",
        scope="links:read",
        answer=links.Stats,
        answer_example=examples.STATS,
    ),
)
_PRODUCTS: Final = (
    Operation(
        method="post",
        path="/v1/products",
        id="createProduct",
        summary="Make a product",
        scope="products:write",
        status=201,
        body=catalog.CreateProduct,
        body_example=examples.CREATE_PRODUCT,
        answer=catalog.Product,
        answer_example=examples.PRODUCT,
        has_revision=True,
        codes=("unknown_currency",),
    ),
    Operation(
        method="get",
        path="/v1/products",
        id="listProducts",
        summary="List products, newest first",
        scope="products:read",
        answer=Page[catalog.Product],
        answer_example=_page(examples.PRODUCT),
        query=_PAGE + _ACTIVE,
    ),
    Operation(
        method="get",
        path=_PRODUCT,
        id="getProduct",
        summary="Read a product",
        scope="products:read",
        answer=catalog.Product,
        answer_example=examples.PRODUCT,
        has_revision=True,
    ),
    Operation(
        method="patch",
        path=_PRODUCT,
        id="updateProduct",
        summary="Change what is named; null clears",
        scope="products:write",
        body=catalog.PatchProduct,
        body_example=examples.PATCH_PRODUCT,
        answer=catalog.Product,
        answer_example=examples.PRODUCT,
        if_match=True,
        has_revision=True,
        codes=("unknown_currency",),
    ),
    Operation(
        method="delete",
        path=_PRODUCT,
        id="deleteProduct",
        summary="Archive a product",
        scope="products:write",
        answer=catalog.Product,
        answer_example=examples.PRODUCT,
        if_match=True,
        has_revision=True,
    ),
    Operation(
        method="get",
        path="/v1/plans",
        id="listPlans",
        summary="List plans, newest first",
        scope="products:read",
        answer=Page[catalog.Plan],
        answer_example=_page(examples.PLAN),
        query=_PAGE,
    ),
)
_ORGANIZATIONS: Final = (
    Operation(
        method="get",
        path="/v1/organizations/current",
        id="getCurrentOrganization",
        summary="Read the organization of the key",
        scope="organization:read",
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        has_revision=True,
    ),
    Operation(
        method="get",
        path=_ORGANIZATION,
        id="getOrganization",
        summary="Read an organization",
        scope="organization:read",
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        has_revision=True,
    ),
    Operation(
        method="patch",
        path=_ORGANIZATION,
        id="updateOrganization",
        summary="Change what is named; null clears",
        scope="organization:write",
        body=account.PatchOrganization,
        body_example=examples.PATCH_ORGANIZATION,
        answer=account.Organization,
        answer_example=examples.ORGANIZATION,
        if_match=True,
        has_revision=True,
        codes=("unknown_currency",),
    ),
)
_KEYS: Final = (
    Operation(
        method="post",
        path="/v1/api-keys",
        id="createApiKey",
        summary="Make an API key; its secret is shown once",
        scope="keys:write",
        status=201,
        body=account.CreateApiKey,
        body_example=examples.CREATE_KEY,
        answer=account.NewApiKey,
        answer_example=examples.NEW_KEY,
    ),
    Operation(
        method="get",
        path="/v1/api-keys",
        id="listApiKeys",
        summary="List API keys, newest first",
        scope="keys:write",
        answer=Page[account.ApiKey],
        answer_example=_page(examples.KEY),
        query=_PAGE,
    ),
    Operation(
        method="get",
        path=_KEY,
        id="getApiKey",
        summary="Read an API key, without its secret",
        scope="keys:write",
        answer=account.ApiKey,
        answer_example=examples.KEY,
    ),
    Operation(
        method="delete",
        path=_KEY,
        id="revokeApiKey",
        summary="Revoke an API key",
        scope="keys:write",
        answer=account.ApiKey,
        answer_example=examples.KEY,
    ),
    Operation(
        method="post",
        path=f"{_KEY}/rotate",
        id="rotateApiKey",
        summary="Make its successor; the old key works on for a while",
        scope="keys:write",
        status=201,
        body=account.RotateApiKey,
        body_example=examples.ROTATE_KEY,
        body_required=False,
        answer=account.NewApiKey,
        answer_example=examples.NEW_KEY,
        codes=("key_ended",),
    ),
)
OPERATIONS: Final = (*_LINKS, *_PRODUCTS, *_ORGANIZATIONS, *_KEYS)
