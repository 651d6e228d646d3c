"""Every page that a buyer sees, as bytes. Pure: a view goes in, HTML comes out.

`nonce` stands in the page's Content-Security-Policy too. Left at its slot, the page can be kept in a `PreparedPage`
and sent many times.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, assert_never

from jinja2 import Template
from markupsafe import Markup

from services.checkout.domain.operators import format_phone
from services.checkout.web import form, waiting
from services.checkout.web.views import (
    ChangeView,
    CheckoutView,
    HeldView,
    Merchant,
    NoProviderView,
    ProblemView,
    RefusalView,
    SessionState,
    SessionView,
)
from shared.web.catalogs import Catalog, catalog
from shared.web.colors import brand
from shared.web.formats import format_clock, format_date_field, format_moment, format_money
from shared.web.locales import LANGUAGE_NAMES, LOCALES
from shared.web.pages import bold, environment, mail_link, script, stylesheet
from shared.web.slots import NONCE_SLOT

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE / "static"
_CHECKOUT_CSS: Final = stylesheet(_STATIC / "checkout.css")
_SESSION_CSS: Final = stylesheet(_STATIC / "session.css")
_NOTICE_CSS: Final = stylesheet()
_CHECKOUT_JS: Final = script(_STATIC / "checkout.js")
_SESSION_JS: Final = script(_STATIC / "session.js")
_HELD_JS: Final = script(_STATIC / "held.js")
_LANGUAGES: Final = tuple(LANGUAGE_NAMES.items())
_PAGES: Final = ("checkout.html", "session.html", "change.html", "notice.html")

_PART: Final[dict[SessionState, str]] = {
    "prompt_sent": "pending",
    "redirecting": "pending",
    "dial": "dial",
    "transfer": "transfer",
    "processing": "pending",
    "paid": "paid",
    "under_review": "paid",
    "refunding": "paid",
    "refunded": "paid",
    "charged_back": "paid",
}
_CLOSED: Final = frozenset({"archived", "revoked", "deleted"})
_REFUSAL_ICONS: Final = {"not_started": "clock", "expired": "clock", "exhausted": "ticket", "paused": "pause"}
_BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "verve": "Verve"}
_RELOAD_SECONDS_MIN, _RELOAD_SECONDS_MAX = 5, 60


def render_checkout(view: CheckoutView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """The page of a link, also after a post that had errors (`view.values`, `view.errors`)."""
    t = catalog(locale)
    return _page(
        "checkout.html",
        t,
        view.merchant,
        nonce=nonce,
        path=view.path,
        values=form.context(view, t) | {"view": view, "kept": view.kept, "css": _CHECKOUT_CSS, "script": _CHECKOUT_JS},
    )


def render_session(view: SessionView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """The page of one payment, in each of its states."""
    t = catalog(locale)
    values: dict[str, object] = {
        "view": view,
        "kept": view.kept,
        "css": _SESSION_CSS,
        "script": _SESSION_JS,
        "part": _PART.get(view.state, "stopped"),
        "heading": _heading(view, t),
        "total": format_money(view.minor, view.currency, locale),
        "now": format_date_field(view.now),
        "phone": format_phone(view.phone or ""),
        "support": _support(view.merchant, t),
    }
    match view.state:
        case "prompt_sent" | "redirecting" | "processing" | "dial" | "transfer":
            values |= waiting.context(view, t)
        case "paid" | "under_review" | "refunding" | "refunded" | "charged_back":
            values |= _paid(view, t)
        case "failed" | "expired" | "abandoned":
            values |= _stopped(view, t)
        case _:
            assert_never(view.state)
    return _page("session.html", t, view.merchant, nonce=nonce, path=view.path, values=values)


def render_refusal(view: RefusalView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """Why the link takes no payment, since when, and what to do (410)."""
    t = catalog(locale)
    since = view.starts_at if view.reason == "not_started" else view.since
    stem = f"refusal_{'closed' if view.reason in _CLOSED else view.reason}"
    values = {
        "heading": t(f"{stem}_heading"),
        "since": since and t(f"{stem}_since", moment=format_moment(since, locale, zone=view.time_zone)),
        "advice": t(f"{stem}_advice", merchant=view.merchant.name),
        "icon": _REFUSAL_ICONS.get(view.reason, "cross"),
    }
    return _notice(view, t, view.merchant, nonce=nonce, values=values)


def render_held(view: HeldView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """Every use is held; the page looks again by itself (409)."""
    t = catalog(locale)
    left = int((view.retry_at - view.now).total_seconds()) + 1
    values = {
        "heading": t("held_heading"),
        "advice": t("held_advice", time=format_clock(view.retry_at, locale, zone=view.time_zone)),
        "icon": "clock",
        "button": t("check_again"),
        "reload_seconds": min(max(left, _RELOAD_SECONDS_MIN), _RELOAD_SECONDS_MAX),
    }
    return _notice(view, t, view.merchant, nonce=nonce, values=values)


def render_change(view: ChangeView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """Asks before a payment that waits for approval is called off."""
    t = catalog(locale)
    number = bold(format_phone(view.phone)) if view.phone else None
    values: dict[str, object] = {
        "view": view,
        "css": _NOTICE_CSS,
        "heading": t("change_heading"),
        "explanation": t("change_prompt", phone=number) if number else t("change_page"),
        "error": form.error_text(view.error, t) if view.error else None,
    }
    return _page("change.html", t, view.merchant, nonce=nonce, path=view.path, values=values)


def render_no_provider(view: NoProviderView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """Nobody is connected who could take the money (409)."""
    t = catalog(locale)
    merchant, named = view.merchant.name, ", ".join(view.providers)
    advice = (
        t("no_provider_named", merchant=merchant, providers=named)
        if named
        else t("no_provider_advice", merchant=merchant)
    )
    values = {"heading": t("no_provider_heading"), "advice": advice, "icon": "pause"}
    return _notice(view, t, view.merchant, nonce=nonce, values=values)


def render_problem(view: ProblemView, *, locale: str, nonce: str = NONCE_SLOT) -> bytes:
    """400, 413, 404, 403, 429, 503 and 500 in words."""
    t = catalog(locale)
    again = view.kind in {"rate_limited", "unavailable", "broken"}
    values = {
        "heading": t(f"problem_{view.kind}_heading"),
        "advice": t(f"problem_{view.kind}_advice"),
        "icon": "clock" if view.kind == "rate_limited" else "alert",
        "tone": "bad" if view.kind == "broken" else "warn",
        "button": t("try_again") if again else None,
        "request_id": view.request_id,
    }
    return _notice(view, t, None, nonce=nonce, values=values)


def warm() -> None:
    """Compile every page in every language (about half a second), so that no buyer waits for it."""
    for locale in LOCALES:
        _templates(locale)


@cache
def _templates(locale: str) -> dict[str, Template]:
    env = environment(catalog(locale), _HERE / "templates")
    for name in env.list_templates():
        env.get_template(name)
    return {name: env.get_template(name) for name in _PAGES}


def _page(
    name: str, t: Catalog, merchant: Merchant | None, *, nonce: str, path: str, values: Mapping[str, object]
) -> bytes:
    color = merchant.color if merchant else None
    html = _templates(t.locale)[name].render(values, nonce=nonce, path=path, languages=_LANGUAGES, brand=brand(color))
    return html.encode()


def _notice(
    view: RefusalView | HeldView | NoProviderView | ProblemView,
    t: Catalog,
    merchant: Merchant | None,
    *,
    nonce: str,
    values: Mapping[str, object],
) -> bytes:
    empty = dict.fromkeys(("since", "button", "reload_seconds", "request_id"))
    context = {
        **empty,
        "tone": "warn",
        "view": view,
        "merchant": merchant,
        "css": _NOTICE_CSS,
        "script": _HELD_JS,
        "support": merchant and _support(merchant, t),
        **values,
    }
    return _page("notice.html", t, merchant, nonce=nonce, path=view.path, values=context)


def _heading(view: SessionView, t: Catalog) -> str:
    if view.state == "failed":
        return t(f"failure_{_failure(view)}_heading")
    if view.state == "transfer" and view.transfer and view.transfer.late:
        return t("failure_transfer_expired_heading")
    return t(f"heading_{view.state}")


def _failure(view: SessionView) -> str:
    """A transfer is sent elsewhere and cannot be called back: whoever has sent it must not send it again."""
    if view.failure == "expired" and view.method == "bank_transfer":
        return "transfer_expired"
    return view.failure or "provider_error"


def _stopped(view: SessionView, t: Catalog) -> dict[str, object]:
    failed = view.state == "failed"
    error = view.retry.error if view.retry else None
    return {
        "advice": t(f"failure_{_failure(view)}_advice") if failed else t(f"advice_{view.state}"),
        "retry_error": form.error_text(error, t) if error else None,
    }


def _paid(view: SessionView, t: Catalog) -> dict[str, object]:
    receipt = view.receipt
    advice = None if view.state == "paid" else t(f"advice_{view.state}")
    if receipt is None:
        return {"advice": advice}
    name = _BRANDS.get(receipt.brand or "", t(f"method_{receipt.method}"))
    masked = Markup("{} ••••\N{NO-BREAK SPACE}{}").format(name, receipt.payer_hint)
    gone = (("row_given_back", receipt.given_back), ("row_charged_back", receipt.charged_back))
    return {
        "advice": advice,
        "gone": [
            (
                t(label),
                format_money(back.amount.minor, back.amount.currency, t.locale),
                format_moment(back.at, t.locale, zone=view.time_zone),
            )
            for label, back in gone
            if back is not None
        ],
        "paid_at": format_moment(receipt.paid_at, t.locale, zone=view.time_zone),
        "method_text": masked if receipt.payer_hint else name,
    }


def _support(merchant: Merchant, t: Catalog) -> str:
    return t("support", email=mail_link(merchant.support_email)) if merchant.support_email else ""
