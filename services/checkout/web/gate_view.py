"""The page before a gated link, as bytes. It shows the merchant and nothing of the link: that is what is kept back."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from jinja2 import Template
from msgspec import Struct

from services.checkout.web.views import Merchant
from shared.web.catalogs import Catalog, catalog
from shared.web.colors import brand
from shared.web.formats import format_clock, format_date_field
from shared.web.locales import LANGUAGE_NAMES, LOCALES
from shared.web.pages import bold, environment, mail_link, script, stylesheet

_HERE: Final = Path(__file__).parent
_CSS: Final = stylesheet(_HERE / "static" / "gate.css")
_JS: Final = script(_HERE / "static" / "gate.js")
_LANGUAGES: Final = tuple(LANGUAGE_NAMES.items())

GateError = Literal["required", "email_invalid", "code_wrong", "wait_code", "wait_guess", "unavailable"]


class GateView(Struct, frozen=True, kw_only=True):
    """`step` code: a code was asked for, `email` says for which address, and another may be asked for at `resend_at`.

    `wait_until` goes with the errors that name a time.
    """

    path: str
    merchant: Merchant
    livemode: bool
    now: datetime
    step: Literal["email", "code"] = "email"
    email: str = ""
    error: GateError | None = None
    resend_at: datetime | None = None
    wait_until: datetime | None = None
    time_zone: str = "UTC"


def render_gate(view: GateView, *, locale: str, nonce: str) -> bytes:
    t = catalog(locale)
    again_at = view.wait_until or view.resend_at
    waits = again_at is not None and again_at > view.now
    merchant = view.merchant
    html = _template(locale).render(
        nonce=nonce,
        path=view.path,
        languages=_LANGUAGES,
        brand=brand(merchant.color),
        css=_CSS,
        script=_JS,
        view=view,
        error=_error(view, t),
        field="f-otp" if view.step == "code" and view.error != "email_invalid" else "f-email",
        sent=t("gate_sent", email=bold(view.email)),
        again_at=format_date_field(again_at) if again_at and waits else None,
        again_clock=format_clock(again_at, locale, zone=view.time_zone) if again_at and waits else None,
        now=format_date_field(view.now),
        support=t("support", email=mail_link(merchant.support_email)) if merchant.support_email else "",
    )
    return html.encode()


def warm() -> None:
    for locale in LOCALES:
        _template(locale)


@cache
def _template(locale: str) -> Template:
    return environment(catalog(locale), _HERE / "templates").get_template("gate.html")


def _error(view: GateView, t: Catalog) -> str:
    match view.error:
        case None:
            return ""
        case "required" | "email_invalid":
            return t(f"error_{view.error}")
        case "wait_code" | "wait_guess":
            until = view.wait_until or view.now
            return t(f"gate_{view.error}", time=format_clock(until, t.locale, zone=view.time_zone))
        case "code_wrong" | "unavailable":
            return t(f"gate_{view.error}")
