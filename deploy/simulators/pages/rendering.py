"""Pages of a simulated provider: plain HTML, no script, in English."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get

from deploy.simulators.control.access import HttpRequest

_ROOT = Path(__file__).parent
_CSS = (_ROOT / "assets" / "page.css").read_bytes()
FIELDS_MAX = 10


class Pages:
    """`folder` holds the provider's own templates, beside the shared `base.html` and `message.html`."""

    def __init__(self, folder: Path, *, note: str) -> None:
        loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(_ROOT / "templates")])
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._everywhere = {"note": note, "css": f"/assets/page.css?v={hashlib.sha256(_CSS).hexdigest()[:12]}"}

    def page(self, template: str, *, status: int = 200, leads_to: Sequence[str] = (), **context: Any) -> Response[str]:
        """A page that may load only its own style and be framed by nobody. `leads_to`: where its form may end up."""
        # Chromium holds the redirect that answers a form to `form-action`, too.
        targets = " ".join(["'self'", *filter(None, dict.fromkeys(map(_origin, leads_to)))])
        policy = (
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none';"
            f" form-action {targets}"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        content = self._templates.get_template(template).render(**self._everywhere, **context)
        return Response(content, status_code=status, media_type="text/html", headers=headers)

    def not_found(self) -> Response[str]:
        lead = "Check the address, or go back to the shop."
        return self.page("message.html", status=404, title="Page not found", lead=lead, back=None)


async def form_of(request: HttpRequest) -> dict[str, str]:
    """The last value of each field; empty where the body is not a form."""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=FIELDS_MAX, strict_parsing=False)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def see_other(url: str) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"Location": url, "Cache-Control": "no-store"})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    # Nothing in it may end the directive.
    return "" if set(origin) & set(" ;,'\"\\") else origin


@get("/assets/page.css")
async def stylesheet() -> Response[bytes]:
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_CSS, media_type="text/css", headers=headers)
