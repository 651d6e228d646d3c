"""The demo organization of a test-mode stack."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.links.domain.coupon import Coupon, PercentOff, Redemptions
from services.links.domain.keys import SCOPES, Actor
from services.links.domain.organization import Organization
from services.links.domain.plan import Interval, Plan
from services.links.domain.product import Product, digital_id
from services.links.domain.tax import TaxRate
from services.links.store import coupons, keys, organizations, plans, products, tax_rates
from services.links.use_cases.manage_keys import drawn
from services.links.use_cases.manage_organization import create_organization
from services.links.use_cases.own_link import give_own_link
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Transaction

SLUG: Final = "kampala-coffee"
SEEDED_BY: Final = "token:demo"
KEY_NAME: Final = "Demo key of `make up`"
_PRODUCTS: Final = (
    ("House blend, 1 kg", "Roasted on the day it leaves.", (Money(50_000, "UGX"),)),
    ("Brewing class, two hours", "For up to six people.", (Money(25_000, "RWF"),)),
    ("Gift card", "Arrives by e-mail.", (Money(1_999, "USD"), Money(1_899, "EUR"))),
)
_TAXED: Final = "Gift card"
_TAX: Final = ("VAT", 180_000, "UG")
_PLAN: Final[tuple[str, Money, Interval]] = ("Coffee every month", Money(10_000, "XOF"), "month")
_COUPON: Final = ("WELCOME10", PercentOff(basis_points=1_000), 100)
_LIST_MAX: Final = 100


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """`bearer` is good until the next call: older demo keys are revoked."""

    organization_id: UUID
    products: tuple[Product, ...]
    plans: tuple[Plan, ...]
    bearer: str


async def seed_demo(pg: Postgres, *, now: datetime) -> Demo:
    """Makes the organization, its products and its plan, once; and a fresh test key with every scope."""
    async with pg.transaction() as tx:
        drawn_up = _organization(now)
        if await create_organization(tx, drawn_up, now=now):
            await _stock(tx, drawn_up, now)
    organization = await organizations.find_by_slug(pg, SLUG) or drawn_up
    key, bearer = drawn(organization, name=KEY_NAME, scopes=SCOPES, livemode=False, now=now)
    async with pg.transaction() as tx:
        await keys.revoke_named(tx, organization.id, name=KEY_NAME, now=now)
        await keys.insert(tx, key)
    sold = await products.page(pg, org_id=organization.id, livemode=False, before=None, limit=_LIST_MAX, active=True)
    offered = await plans.page(pg, org_id=organization.id, livemode=False, before=None, limit=_LIST_MAX, active=True)
    # In the order in which they were made, so that scripts find the UGX one first.
    return Demo(
        organization_id=organization.id,
        products=tuple(reversed(sold)),
        plans=tuple(reversed(offered)),
        bearer=bearer,
    )


def _organization(now: datetime) -> Organization:
    return Organization(
        id=new_id(),
        name="Kampala Coffee",
        slug=SLUG,
        default_currency="UGX",
        currencies=("UGX", "RWF", "USD", "EUR", "XOF"),
        support_email="hello@kampala-coffee.test",
        timezone="Africa/Kampala",
        color="#6f4e37",
        created_at=now,
        updated_at=now,
    )


async def _stock(tx: Transaction, organization: Organization, now: datetime) -> None:
    rate = _rate(organization, now)
    actor = Actor(organization=organization, livemode=False, by=SEEDED_BY, scopes=SCOPES)
    await tax_rates.insert(tx, rate)
    for name, description, prices in _PRODUCTS:
        product_id = new_id()
        product = Product(
            id=product_id,
            org_id=organization.id,
            livemode=False,
            digital_id=digital_id(product_id),
            name=name,
            description=description,
            price=prices[0],
            more_prices=prices[1:],
            tax_rate_id=rate.id if name == _TAXED else None,
            metadata={},
            created_at=now,
            updated_at=now,
        )
        await products.insert(tx, product)
        await give_own_link(tx, actor, product, now=now)
    await plans.insert(tx, _plan(organization, now))
    await coupons.insert(tx, _coupon(organization, now))


def _rate(organization: Organization, now: datetime) -> TaxRate:
    name, ppm, country = _TAX
    return TaxRate(
        id=new_id(),
        org_id=organization.id,
        livemode=False,
        name=name,
        ppm=ppm,
        country=country,
        created_at=now,
        updated_at=now,
    )


def _plan(organization: Organization, now: datetime) -> Plan:
    name, price, interval = _PLAN
    return Plan(
        id=new_id(),
        org_id=organization.id,
        livemode=False,
        name=name,
        price=price,
        interval=interval,
        created_at=now,
        updated_at=now,
    )


def _coupon(organization: Organization, now: datetime) -> Coupon:
    code, off, redemptions_max = _COUPON
    return Coupon(
        id=new_id(),
        org_id=organization.id,
        livemode=False,
        code=code,
        off=off,
        redemptions=Redemptions(max=redemptions_max),
        created_at=now,
        updated_at=now,
    )
