from typing import Final

from litestar.handlers import HTTPRouteHandler

from services.links.dialects.native.routes import (
    batches,
    coupons,
    documents,
    insight,
    jwks,
    keys,
    links,
    members,
    organizations,
    plans,
    products,
    sessions,
    tax_rates,
)

HANDLERS: Final[list[HTTPRouteHandler]] = [
    *links.HANDLERS,
    *insight.HANDLERS,
    *batches.HANDLERS,
    *products.HANDLERS,
    *plans.HANDLERS,
    *coupons.HANDLERS,
    *tax_rates.HANDLERS,
    *organizations.HANDLERS,
    *keys.HANDLERS,
    *members.HANDLERS,
    *sessions.HANDLERS,
    *documents.HANDLERS,
    *jwks.HANDLERS,
]
