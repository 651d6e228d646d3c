"""The page of a session, in every state, with sample data."""

from datetime import timedelta
from typing import get_args

from msgspec.structs import replace

from services.checkout.web.views import FieldError, GivenBack, Receipt, Retry, SessionView, TransferShown
from shared.contracts.checkout import FailureReason
from shared.kernel.money import Money
from tests.support.gallery_links import MERCHANT, NOW, PROVIDER, ZONE

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
TRANSFER = TransferShown(
    bank="Wema Bank",
    account_number="7821420190",
    account_name="KISAKYE CRAFTS FLW",
    amount=Money(150_050, "NGN"),
    reference="RF-1588778",
    sent_url="/checkout/sessions/s1?sent=1",
)
LATER = NOW + timedelta(days=2)
RECEIPT = Receipt(
    reference="PL-7Q2M-9XKD",
    paid_at=NOW,
    method="mobile_money",
    payer_hint="456",
    email="amina@example.com",
)


def session_views() -> dict[str, SessionView]:
    return waiting_views() | over_views()


def waiting_views() -> dict[str, SessionView]:
    return {
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
        "session-transfer-late": replace(
            SESSION,
            state="transfer",
            pending="bank_transfer",
            phone=None,
            retry=None,
            minor=150_050,
            currency="NGN",
            transfer=replace(TRANSFER, late=True),
            action_expires_at=NOW - timedelta(minutes=1),
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
            kept="sent=1",
        ),
        "session-came-back": replace(
            SESSION,
            state="processing",
            pending="provider_processing",
            retry=None,
            change_url=None,
            redirect_url=f"{PROVIDER}/confirm/p1",
            back_url="/checkout/sessions/s1",
            kept="sent=1",
        ),
        "session-processing": replace(
            SESSION, state="processing", pending="provider_answer", phone=None, retry=None, change_url=None
        ),
    }


def over_views() -> dict[str, SessionView]:
    stopped = replace(SESSION, pending=None, stream_url=None, poll_url=None, action_expires_at=None)
    views = {
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
    for state in ("expired", "abandoned"):
        views[f"session-{state}"] = replace(
            stopped, state=state, retry=None, phone=None, restart_url="/checkout/invoice-123"
        )
    return views | money_back_views(views["session-paid"])


def money_back_views(paid: SessionView) -> dict[str, SessionView]:
    taken = replace(RECEIPT, charged_back=GivenBack(Money(50_000, "UGX"), LATER))
    part, whole = (replace(RECEIPT, given_back=GivenBack(Money(minor, "UGX"), LATER)) for minor in (5_000, 50_000))
    return {
        "session-paid-partly-back": replace(paid, receipt=part),
        "session-under-review": replace(paid, state="under_review"),
        "session-refunding": replace(paid, state="refunding"),
        "session-refunded": replace(paid, state="refunded", receipt=whole),
        "session-charged-back": replace(paid, state="charged_back", receipt=taken),
    }
