"""The page of a link, in every state, with sample data."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from services.checkout.domain.banks import ussd_banks
from services.checkout.web.bill_parts import Bill, Coupon, Line, Terms
from services.checkout.web.views import (
    CardField,
    CheckoutView,
    ChosenPrice,
    Collect,
    FieldError,
    FixedPrice,
    Merchant,
    RecentPayment,
)

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
ZONE = "Africa/Kampala"
PROVIDER = "https://provider.test"
MERCHANT = Merchant(name="Kisakye Crafts", color="#0a5cff", support_email="hello@kisakye.example")

CHECKOUT = CheckoutView(
    path="/checkout/invoice-123",
    merchant=MERCHANT,
    title="Invoice #123",
    description="Six woven baskets, natural dye.\nDelivery to Kampala is included.",
    price=FixedPrice(50_000, "UGX"),
    methods=("mobile_money", "card"),
    livemode=False,
    uses_left=2,
    expires_at=NOW + timedelta(days=3),
    time_zone=ZONE,
    countries=("UG",),
    card=CardField(f"{PROVIDER}/fields/card?publishable_key=pk_sandbox_1&locale=en"),
    attempt="attempt-1",
    docs_url="/docs/sandbox",
)
LIVE = replace(CHECKOUT, livemode=True, uses_left=None, expires_at=None)
CART = Bill(
    lines=(
        Line("Woven basket, natural dye", 2, unit_minor=1_250, minor=2_500),
        Line("Banana-leaf coaster", 6, unit_minor=199, minor=1_194),
    ),
    tax_minor=665,
    tax_name="VAT 18 %",
    offered=(FixedPrice(4_359, "USD"), FixedPrice(4_010, "EUR")),
)
FLEXIBLE = ChosenPrice(("UGX",), min_minor=1_000, max_minor=500_000)
EVERYTHING = Collect(email="required", name="required", phone="optional", address="required")


def checkout_views() -> dict[str, CheckoutView]:
    return priced_views() | bill_views() | form_views()


def priced_views() -> dict[str, CheckoutView]:
    return {
        "checkout-fixed": CHECKOUT,
        "checkout-live-gold": replace(
            LIVE,
            merchant=Merchant(name="Teranga Solaire", color="#ffd23f"),
            title="Kit solaire 200 W",
            price=FixedPrice(185_000, "XOF"),
            countries=("SN", "CI"),
            methods=("mobile_money", "card", "ussd", "bank_transfer"),
        ),
        "checkout-naira": replace(
            LIVE,
            price=FixedPrice(150_050, "NGN"),
            countries=("NG",),
            banks=ussd_banks("NGN"),
            methods=("ussd", "bank_transfer", "card"),
            errors=(FieldError("bank", "required"),),
        ),
        "checkout-flexible": replace(LIVE, title="Support our school", price=FLEXIBLE, description=None),
        "checkout-open": replace(
            LIVE,
            title="Tip jar",
            price=ChosenPrice(("USD", "KES")),
            countries=("KE",),
            values={"amount": "1,250.50", "mobile_phone": "0712345678"},
        ),
        "checkout-card": replace(LIVE, methods=("card",), price=FixedPrice(1_999, "USD")),
        "checkout-card-page": replace(LIVE, methods=("card",), card=CardField(None)),
        "checkout-long": replace(
            LIVE,
            merchant=Merchant(name="Association des Commerçantes et Commerçants du Grand Marché de Ouagadougou-Centre"),
            title="Contribution annuelle extraordinaire pour la reconstruction de la halle principale",
            description="Un très long texte. " * 40,
            price=FixedPrice(123_456_789_000, "UGX"),
        ),
    }


def bill_views() -> dict[str, CheckoutView]:
    return {
        "checkout-cart": replace(
            LIVE, title="Two baskets", price=FixedPrice(4_359, "USD"), bill=CART, coupons=True, countries=("UG", "RW")
        ),
        "checkout-cart-inclusive": replace(
            LIVE,
            price=FixedPrice(3_694, "USD"),
            bill=replace(CART, tax_minor=563, tax_included=True, offered=()),
        ),
        "checkout-cart-coupon": replace(
            LIVE,
            price=FixedPrice(3_923, "USD"),
            bill=CART,
            coupons=True,
            coupon=Coupon("WELCOME10", off_minor=436, percent_bps=1_000),
            values={"coupon": "welcome10"},
            coupon_asked=True,
        ),
        "checkout-cart-large": replace(
            LIVE,
            price=FixedPrice(10**12, "UGX"),
            bill=Bill(
                lines=tuple(
                    Line("A basket of " + "bananas " * 13, n, unit_minor=10**7, minor=10**9) for n in range(30)
                ),
                more=70,
                more_minor=10**11,
                tax_minor=10**10,
            ),
        ),
        "checkout-coupon-refused": replace(
            LIVE,
            coupons=True,
            values={"coupon": "SUMMER"},
            errors=(FieldError("coupon", "coupon_expired"),),
        ),
        "checkout-coupon-tip": replace(
            LIVE, price=FLEXIBLE, coupons=True, coupon=Coupon("HALF", percent_bps=5_050), coupon_asked=True
        ),
        "checkout-plan": replace(
            LIVE,
            title="Water club",
            description=None,
            price=FixedPrice(10_000, "XOF"),
            bill=Bill(terms=Terms("month")),
            countries=("SN",),
        ),
        "checkout-plan-quarters": replace(LIVE, price=FixedPrice(10_000, "XOF"), bill=Bill(terms=Terms("quarter", 2))),
    }


def form_views() -> dict[str, CheckoutView]:
    wrong = {
        "email": "amina@",
        "amount": "500",
        "method": "mobile_money",
        "mobile_phone": "0803 12",
    }
    return {
        "checkout-everything": replace(LIVE, collect=EVERYTHING, cancel_url="https://kisakye.example/cart"),
        "checkout-errors": replace(
            LIVE,
            price=FLEXIBLE,
            collect=EVERYTHING,
            values=wrong,
            errors=(
                FieldError("form", "try_again"),
                FieldError("amount", "amount_too_small", minor=1_000, currency="UGX"),
                FieldError("email", "email_invalid"),
                FieldError("address_city", "required"),
                FieldError("mobile_phone", "phone_invalid"),
            ),
        ),
        "checkout-paid-before": replace(
            LIVE, recent_payment=RecentPayment(NOW - timedelta(minutes=4), "/checkout/sessions/s0")
        ),
        "checkout-waiting": replace(LIVE, recent_payment=RecentPayment(None, "/checkout/sessions/s0")),
        "checkout-waiting-unconfirmed": replace(
            LIVE,
            recent_payment=RecentPayment(None, "/checkout/sessions/s0"),
            errors=(FieldError("pay_again", "waiting_unconfirmed"),),
        ),
    }
