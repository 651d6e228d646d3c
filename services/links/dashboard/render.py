"""The dashboard's pages, as bytes. Pure: a view goes in, HTML comes out."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from jinja2 import Template

from services.links.dashboard.guard import FIELD
from services.links.dashboard.views import HomeView, InvitationView, SignInView
from services.links.domain.faults import InvitationEnd
from services.links.domain.member import PASSWORD_CHARS_MIN
from shared.web.catalogs import catalog
from shared.web.colors import brand
from shared.web.locales import LANGUAGE_NAMES
from shared.web.pages import bold, environment, stylesheet

_HERE: Final = Path(__file__).parent
_CSS: Final = stylesheet(_HERE / "static" / "dashboard.css")
_LANGUAGES: Final = tuple(LANGUAGE_NAMES.items())

Trouble = Literal["not_found", "no_page", "unavailable", "broken"]


def render_sign_in(view: SignInView, *, locale: str, nonce: str, path: str) -> bytes:
    t = catalog(locale)
    problem = None
    if view.flaw is not None:
        problem = t("sign_in_limited", seconds=view.seconds) if view.flaw == "limited" else t(f"sign_in_{view.flaw}")
    values = {"view": view, "problem": problem, "field": FIELD}
    return _page("sign_in.html", locale, values, nonce=nonce, path=path)


def render_invitation(view: InvitationView, *, locale: str, nonce: str, path: str) -> bytes:
    t = catalog(locale)
    problem = None
    if view.flaw is not None:
        problem = t(f"invitation_{view.flaw}", n=PASSWORD_CHARS_MIN, seconds=view.seconds)
    values = {
        "view": view,
        "problem": problem,
        "field": FIELD,
        "heading": t("invitation_heading", organization=view.organization),
        "role": t(f"role_{view.role}"),
        "hint": t("password_hint", n=PASSWORD_CHARS_MIN),
    }
    return _page("invitation.html", locale, values, nonce=nonce, path=path, color=view.color)


def render_invitation_ended(reason: InvitationEnd, *, locale: str, nonce: str, path: str) -> bytes:
    t = catalog(locale)
    values = {
        "reason": reason,
        "heading": t(f"invitation_{reason}_heading"),
        "advice": t(f"invitation_{reason}_advice"),
    }
    return _page("invitation_ended.html", locale, values, nonce=nonce, path=path)


def render_home(view: HomeView, *, locale: str, nonce: str, path: str) -> bytes:
    t = catalog(locale)
    values = {
        "view": view,
        "field": FIELD,
        "signed_in": t("signed_in_as", name=bold(view.name), organization=bold(view.organization)),
        "role": t(f"role_{view.role}"),
    }
    return _page("home.html", locale, values, nonce=nonce, path=path, color=view.color)


def render_trouble(trouble: Trouble, *, locale: str, nonce: str, path: str, request_id: str | None) -> bytes:
    t = catalog(locale)
    values = {
        "heading": t(f"dashboard_{trouble}_heading"),
        "advice": t(f"dashboard_{trouble}_advice"),
        "label": "dashboard" if trouble == "no_page" else "try_again",
        "request_id": request_id,
    }
    return _page("trouble.html", locale, values, nonce=nonce, path=path)


@cache
def _template(name: str, locale: str) -> Template:
    return environment(catalog(locale), _HERE / "templates").get_template(name)


def _page(
    name: str, locale: str, values: Mapping[str, object], *, nonce: str, path: str, color: str | None = None
) -> bytes:
    html = _template(name, locale).render(
        values, css=_CSS, nonce=nonce, path=path, languages=_LANGUAGES, brand=brand(color)
    )
    return html.encode()
