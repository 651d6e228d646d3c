"""Every page a buyer can see, in every state, with sample data.

`python -m tests.support.page_gallery /tmp/gallery` writes one HTML file each, for eyes and for screenshots.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

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
    ChangeView,
    FieldError,
    HeldView,
    NoProviderView,
    ProblemView,
    RefusalView,
)
from shared.contracts.links import RefusalReason
from tests.support.gallery_links import CHECKOUT, LIVE, MERCHANT, NOW, PROVIDER, ZONE, checkout_views
from tests.support.gallery_sessions import RECEIPT, SESSION, session_views

NONCE = "gallery"
__all__ = ["CHECKOUT", "LIVE", "NOW", "PROVIDER", "RECEIPT", "SESSION"]


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
