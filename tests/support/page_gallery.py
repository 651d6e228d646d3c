"""Every page a buyer can see, in every state, with sample data.

`python -m tests.support.page_gallery /tmp/gallery` writes one HTML file each, for eyes and for screenshots.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

from services.checkout.domain.banks import ussd_banks
from services.checkout.web.bill_parts import Bill, Coupon, Line, Terms
from services.checkout.web.render import (
    render_change,
    render_checkout,
    render_held,
    render_no_provider,
    render_problem,
    render_refusal,
    render_session,
)
from services.checkout.web.views import (
    CardField,
    ChangeView,
    CheckoutView,
    ChosenPrice,
    Collect,
    CustomField,
    FieldError,
    FixedPrice,
    HeldView,
    Merchant,
    NoProviderView,
    ProblemView,
    Receipt,
    RecentPayment,
    RefusalView,
    Retry,
    SessionView,
    TransferShown,
)
from shared.contracts.checkout import FailureReason
from shared.contracts.links import RefusalReason
from shared.kernel.money import Money

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
ZONE = "Africa/Kampala"
NONCE = "gallery"
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
SESSION = SessionView(
    path="/checkout/sessions/s1",
    state="prompt_sent",
    version="1",
    merchant=MERCHANT,
    title="Invoice #123",
    minor=50_000,
    currency="UGX",
    livemode=False,
    now=NOW,
    time_zone=ZONE,
    pending="approval_on_phone",
    phone="+256772123456",
    action_expires_at=NOW + timedelta(minutes=5),
    stream_url="/checkout/sessions/s1/stream",
    poll_url="/checkout/sessions/s1/state",
    retry=Retry(phone="+256772123456", country="UG", attempt="attempt-2", other_url="/checkout/invoice-123"),
    change_url="/checkout/sessions/s1/call-off",
)
CART = Bill(
    lines=(
        Line("Woven basket, natural dye", 2, unit_minor=1_250, minor=2_500),
        Line("Banana-leaf coaster", 6, unit_minor=199, minor=1_194),
    ),
    tax_minor=665,
    tax_name="VAT 18 %",
    offered=(FixedPrice(4_359, "USD"), FixedPrice(4_010, "EUR")),
)
TRANSFER = TransferShown(
    bank="Wema Bank",
    account_number="7821420190",
    account_name="KISAKYE CRAFTS FLW",
    amount=Money(150_050, "NGN"),
    reference="RF-1588778",
    sent_url="/checkout/sessions/s1?sent=1",
)
RECEIPT = Receipt(
    reference="PL-7Q2M-9XKD",
    paid_at=NOW,
    method="mobile_money",
    payer_hint="456",
    email="amina@example.com",
)


def checkout_views() -> dict[str, CheckoutView]:
    everything = Collect(
        email="required",
        name="required",
        phone="optional",
        address="required",
        custom=(
            CustomField("size", "T-shirt size", kind="select", required=True, options=("S", "M", "L")),
            CustomField("note", "A note for the maker"),
            CustomField("terms", "I accept the terms of delivery", kind="checkbox", required=True),
        ),
    )
    wrong = {
        "email": "amina@",
        "amount": "500",
        "method": "mobile_money",
        "mobile_phone": "0803 12",
        "custom.note": "Blue, please",
    }
    flexible = ChosenPrice(("UGX",), min_minor=1_000, max_minor=500_000)
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
        "checkout-flexible": replace(LIVE, title="Support our school", price=flexible, description=None),
        "checkout-open": replace(
            LIVE,
            title="Tip jar",
            price=ChosenPrice(("USD", "KES")),
            countries=("KE",),
            values={"amount": "1,250.50", "mobile_phone": "0712345678"},
        ),
        "checkout-card": replace(LIVE, methods=("card",), price=FixedPrice(1_999, "USD")),
        "checkout-card-page": replace(LIVE, methods=("card",), card=CardField(None)),
        "checkout-everything": replace(LIVE, collect=everything, cancel_url="https://kisakye.example/cart"),
        "checkout-errors": replace(
            LIVE,
            price=flexible,
            collect=everything,
            values=wrong,
            errors=(
                FieldError("form", "try_again"),
                FieldError("amount", "amount_too_small", minor=1_000, currency="UGX"),
                FieldError("email", "email_invalid"),
                FieldError("custom.size", "required"),
                FieldError("mobile_phone", "phone_invalid"),
            ),
        ),
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
            LIVE, price=flexible, coupons=True, coupon=Coupon("HALF", percent_bps=5_050), values={"coupon": "HALF"}
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
        "checkout-paid-before": replace(
            LIVE, recent_payment=RecentPayment(NOW - timedelta(minutes=4), "/checkout/sessions/s0")
        ),
        "checkout-long": replace(
            LIVE,
            merchant=Merchant(name="Association des Commerçantes et Commerçants du Grand Marché de Ouagadougou-Centre"),
            title="Contribution annuelle extraordinaire pour la reconstruction de la halle principale",
            description="Un très long texte. " * 40,
            price=FixedPrice(123_456_789_000, "UGX"),
        ),
    }


def session_views() -> dict[str, SessionView]:
    stopped = replace(SESSION, pending=None, stream_url=None, poll_url=None, action_expires_at=None)
    views = {
        "session-prompt": SESSION,
        "session-redirecting": replace(
            SESSION,
            state="redirecting",
            pending="provider_page",
            phone=None,
            retry=None,
            redirect_url=f"{PROVIDER}/pay/p1",
        ),
        "session-redirecting-phone": replace(
            SESSION, state="redirecting", pending="provider_page", retry=None, redirect_url=f"{PROVIDER}/confirm/p1"
        ),
        "session-dial": replace(
            SESSION,
            state="dial",
            pending="ussd_code",
            phone=None,
            retry=None,
            minor=150_050,
            currency="NGN",
            dial_code="*566*058*123456#",
            action_expires_at=NOW + timedelta(minutes=30),
        ),
        "session-transfer": replace(
            SESSION,
            state="transfer",
            pending="bank_transfer",
            phone=None,
            retry=None,
            minor=150_050,
            currency="NGN",
            transfer=TRANSFER,
        ),
        "session-transfer-sent": replace(
            SESSION,
            state="processing",
            pending="bank_transfer",
            phone=None,
            retry=None,
            change_url=None,
            transfer=TRANSFER,
            back_url="/checkout/sessions/s1",
        ),
        "session-came-back": replace(
            SESSION,
            state="processing",
            pending="provider_processing",
            retry=None,
            change_url=None,
            redirect_url=f"{PROVIDER}/confirm/p1",
            back_url="/checkout/sessions/s1",
        ),
        "session-processing": replace(
            SESSION, state="processing", pending="provider_answer", phone=None, retry=None, change_url=None
        ),
        "session-paid": replace(
            stopped, state="paid", retry=None, receipt=RECEIPT, success_url="https://kisakye.example/thanks"
        ),
        "session-paid-card": replace(
            stopped,
            state="paid",
            retry=None,
            livemode=True,
            receipt=replace(RECEIPT, method="card", brand="visa", payer_hint="4242", email=None),
        ),
        "session-failed-error": replace(
            stopped,
            state="failed",
            failure="payer_not_found",
            retry=replace(SESSION.retry, phone="0772", error=FieldError("mobile_phone", "phone_invalid")),
        ),
    }
    for failure in get_args(FailureReason):
        views[f"session-failed-{failure}"] = replace(stopped, state="failed", failure=failure)
    for state in ("expired", "abandoned", "under_review", "refunded"):
        views[f"session-{state}"] = replace(
            stopped, state=state, retry=None, phone=None, restart_url="/checkout/invoice-123"
        )
    return views


def refusal_views() -> dict[str, RefusalView]:
    return {
        f"refusal-{reason}": RefusalView(
            path="/checkout/invoice-123",
            reason=reason,
            livemode=True,
            merchant=MERCHANT,
            title="Invoice #123",
            since=NOW - timedelta(days=2),
            starts_at=NOW + timedelta(days=1),
            time_zone=ZONE,
        )
        for reason in get_args(RefusalReason)
    }


def problem_views() -> dict[str, ProblemView]:
    kinds = ("bad_request", "not_found", "forbidden", "rate_limited", "unavailable", "broken")
    return {
        f"problem-{kind}": ProblemView(path="/checkout/invoice-123", kind=kind, request_id="req_8f3a") for kind in kinds
    }


CHANGE = ChangeView(
    path="/checkout/sessions/s1/call-off",
    merchant=MERCHANT,
    title="Invoice #123",
    livemode=False,
    back_url="/checkout/sessions/s1",
    phone="+256772123456",
)
NO_PROVIDER = NoProviderView(
    path="/checkout/invoice-123", livemode=True, merchant=MERCHANT, title="Invoice #123", providers=("WAVE", "ORANGE")
)
HELD = HeldView(
    path="/checkout/invoice-123",
    livemode=True,
    merchant=MERCHANT,
    title="Invoice #123",
    now=NOW,
    retry_at=NOW + timedelta(minutes=7),
    time_zone=ZONE,
)


def pages(locale: str) -> dict[str, bytes]:
    """Every page by name, with the nonce `gallery`."""
    return {
        **{name: render_checkout(view, locale=locale, nonce=NONCE) for name, view in checkout_views().items()},
        **{name: render_session(view, locale=locale, nonce=NONCE) for name, view in session_views().items()},
        **{name: render_refusal(view, locale=locale, nonce=NONCE) for name, view in refusal_views().items()},
        **{name: render_problem(view, locale=locale, nonce=NONCE) for name, view in problem_views().items()},
        "change-prompt": render_change(CHANGE, locale=locale, nonce=NONCE),
        "change-page": render_change(
            replace(CHANGE, phone=None, error=FieldError("form", "charge_under_way")), locale=locale, nonce=NONCE
        ),
        "no-provider": render_no_provider(replace(NO_PROVIDER, providers=()), locale=locale, nonce=NONCE),
        "no-provider-named": render_no_provider(NO_PROVIDER, locale=locale, nonce=NONCE),
        "held": render_held(HELD, locale=locale, nonce=NONCE),
    }


def main(folder: Path) -> None:
    for locale in ("en", "fr", "rw", "sw", "lg"):
        (folder / locale).mkdir(parents=True, exist_ok=True)
        for name, page in pages(locale).items():
            (folder / locale / f"{name}.html").write_bytes(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
