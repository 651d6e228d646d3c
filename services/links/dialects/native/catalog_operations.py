"""The operations of the catalog: products, plans, coupons and tax rates are kept alike."""

from typing import Any, Final

import msgspec

from services.links.dialects.native import catalog_examples as examples
from services.links.dialects.native.wire import catalog, coupons, taxes
from services.links.domain.keys import Scope
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, Operation, Query, page_example

_ACTIVE: Final[Query] = (("active", {"type": "boolean"}),)
_CURRENCY: Final[Query] = (("currency", {"type": "string", "pattern": "^[A-Z]{3}$"}),)
_CODE: Final[Query] = (("code", {"type": "string", "maxLength": 40}),)
_EXPAND: Final[Query] = (("expand", {"type": "string", "enum": ["tax_rate"]}),)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of thing that is made, listed, read, changed and archived."""

    path: str
    one: str
    many: str
    noun: str
    reads: Scope
    writes: Scope
    shape: Any
    example: dict[str, Any]
    making: Any
    making_example: dict[str, Any]
    changing: Any
    changing_example: dict[str, Any]
    filters: Query
    expand: Query = ()
    codes: tuple[str, ...] = ()
    making_codes: tuple[str, ...] = ()


def _of_all(kept: _Kept) -> tuple[Operation, ...]:
    return (
        Operation(
            method="post",
            path=kept.path,
            id=f"create{kept.one}",
            summary=f"Make a {kept.noun}",
            scope=kept.writes,
            status=201,
            body=kept.making,
            body_example=kept.making_example,
            answer=kept.shape,
            answer_example=kept.example,
            has_revision=True,
            codes=(*kept.codes, *kept.making_codes),
        ),
        Operation(
            method="get",
            path=kept.path,
            id=f"list{kept.many}",
            summary=f"List {kept.noun}s, newest first",
            scope=kept.reads,
            answer=Page[kept.shape],
            answer_example=page_example(kept.example),
            query=PAGE + kept.filters + kept.expand,
        ),
    )


def _of_one(kept: _Kept) -> tuple[Operation, ...]:
    own = f"{kept.path}/{{{kept.noun.replace(' ', '_')}_id}}"
    return (
        Operation(
            method="get",
            path=own,
            id=f"get{kept.one}",
            summary=f"Read a {kept.noun}",
            scope=kept.reads,
            answer=kept.shape,
            answer_example=kept.example,
            has_revision=True,
            query=kept.expand,
        ),
        Operation(
            method="patch",
            path=own,
            id=f"update{kept.one}",
            summary="Change what is named; null clears",
            scope=kept.writes,
            body=kept.changing,
            body_example=kept.changing_example,
            answer=kept.shape,
            answer_example=kept.example,
            if_match=True,
            has_revision=True,
            codes=kept.codes,
        ),
        Operation(
            method="delete",
            path=own,
            id=f"delete{kept.one}",
            summary=f"Archive a {kept.noun}",
            scope=kept.writes,
            answer=kept.shape,
            answer_example=kept.example,
            if_match=True,
            has_revision=True,
        ),
    )


_PRODUCTS: Final = _Kept(
    path="/v1/products",
    one="Product",
    many="Products",
    noun="product",
    reads="products:read",
    writes="products:write",
    shape=catalog.Product,
    example=examples.PRODUCT,
    making=catalog.CreateProduct,
    making_example=examples.CREATE_PRODUCT,
    changing=catalog.PatchProduct,
    changing_example=examples.PATCH_PRODUCT,
    filters=_ACTIVE + _CURRENCY,
    expand=_EXPAND,
    codes=("unknown_currency", "tax_rate_archived"),
    making_codes=("not_found",),
)
_PLANS: Final = _Kept(
    path="/v1/plans",
    one="Plan",
    many="Plans",
    noun="plan",
    reads="plans:read",
    writes="plans:write",
    shape=catalog.Plan,
    example=examples.PLAN,
    making=catalog.CreatePlan,
    making_example=examples.CREATE_PLAN,
    changing=catalog.PatchPlan,
    changing_example=examples.PATCH_PLAN,
    filters=_ACTIVE + _CURRENCY,
    codes=("unknown_currency",),
)
_COUPONS: Final = _Kept(
    path="/v1/coupons",
    one="Coupon",
    many="Coupons",
    noun="coupon",
    reads="coupons:read",
    writes="coupons:write",
    shape=coupons.Coupon,
    example=examples.COUPON,
    making=coupons.CreateCoupon,
    making_example=examples.CREATE_COUPON,
    changing=coupons.PatchCoupon,
    changing_example=examples.PATCH_COUPON,
    filters=_ACTIVE + _CODE + _CURRENCY,
    codes=("unknown_currency",),
    making_codes=("coupon_code_taken",),
)
_TAX_RATES: Final = _Kept(
    path="/v1/tax-rates",
    one="TaxRate",
    many="TaxRates",
    noun="tax rate",
    reads="taxes:read",
    writes="taxes:write",
    shape=taxes.TaxRate,
    example=examples.TAX_RATE,
    making=taxes.CreateTaxRate,
    making_example=examples.CREATE_TAX_RATE,
    changing=taxes.PatchTaxRate,
    changing_example=examples.PATCH_TAX_RATE,
    filters=_ACTIVE,
)
CATALOG: Final = tuple(
    operation for kept in (_PRODUCTS, _PLANS, _COUPONS, _TAX_RATES) for operation in (*_of_all(kept), *_of_one(kept))
)
