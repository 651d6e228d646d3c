"""Pages: templates, the headers they go out with, and the small assets they use."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get

from deploy.simulators.sandbox.routes.access import HttpRequest
from deploy.simulators.sandbox.texts import TEXTS, Locale, choose_locale

_ROOT = Path(__file__).parent.parent
_ASSETS: dict[str, tuple[bytes, str]] = {
    "page.css": ((_ROOT.parent / "pages" / "assets" / "page.css").read_bytes(), "text/css"),
    "field.css": ((_ROOT / "assets" / "field.css").read_bytes(), "text/css"),
    "field.js": ((_ROOT / "assets" / "field.js").read_bytes(), "text/javascript"),
}


def _asset_url(name: str) -> str:
    return f"/assets/{name}?v={hashlib.sha256(_ASSETS[name][0]).hexdigest()[:12]}"


_templates = Environment(
    loader=FileSystemLoader(_ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def locale_of(request: HttpRequest) -> Locale:
    return choose_locale(request.query_params.get("locale"), request.headers.get("accept-language"))


def origin_of(url: str | None) -> str:
    """`https://shop.example` of a whole URL; empty without one."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if url else ""


def page(
    template: str, locale: Locale, *, status: int = 200, csp: dict[str, str] | None = None, **context: Any
) -> Response[str]:
    """A page that may load only its own assets and be framed by nobody, unless `csp` says otherwise."""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    } | (csp or {})
    content = _templates.get_template(template).render(t=TEXTS[locale], locale=locale, asset=_asset_url, **context)
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Language",
    }
    return Response(content, status_code=status, media_type="text/html", headers=headers)


@get("/assets/{name:str}")
async def asset(request: HttpRequest, name: str) -> Response[bytes] | Response[str]:
    if name not in _ASSETS:
        return not_found_page(request)
    content, media_type = _ASSETS[name]
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


def not_found_page(request: HttpRequest) -> Response[str]:
    locale = locale_of(request)
    text = TEXTS[locale]
    return page("message.html", locale, status=404, title=text["not_found"], lead=text["not_found_lead"], back=None)
