"""Pages that show what mails look like, in test mode only."""

from typing import Any, Final, Literal, get_args

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from services.notify.mailers.preview import preview
from shared.contracts.notify import MailKind
from shared.web.locales import LANGUAGE_NAMES

ROOT: Final = "/v1/mails/preview"
KINDS: Final[tuple[MailKind, ...]] = get_args(MailKind)
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_INDEX: Final = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Mails</title>'
    "<style>:root{{color-scheme:light dark}}body{{font-family:system-ui,sans-serif;margin:2rem auto;max-width:40rem;"
    "padding:0 1rem;line-height:1.6}}ul{{list-style:none;padding:0}}"
    "li{{display:flex;flex-wrap:wrap;align-items:center;gap:0 .75rem}}"
    "li span{{min-width:7rem}}a{{padding:.5rem}}</style></head><body><h1>Mails, with made-up contents</h1>"
    "{}</body></html>"
)


def preview_pages(public_url: str) -> list[Any]:
    @get(ROOT, sync_to_thread=False, include_in_schema=False)
    def list_previews() -> Response[str]:
        return Response(
            str(_INDEX.format(Markup("").join(map(_of_kind, KINDS)))), media_type="text/html", headers=_HEADERS
        )

    @get(ROOT + "/{kind:str}", sync_to_thread=False, include_in_schema=False)
    def show_preview(
        kind: FromPath[MailKind], locale: FromQuery[str] = "en", part: FromQuery[Literal["html", "text"]] = "html"
    ) -> Response[str]:
        wording = preview(kind, locale, public_url=public_url)
        if part == "text":
            return Response(f"{wording.subject}\n\n{wording.text}", media_type="text/plain", headers=_HEADERS)
        return Response(wording.html, media_type="text/html", headers=_HEADERS)

    return [list_previews, show_preview]


def _of_kind(kind: MailKind) -> Markup:
    links = Markup("").join(
        Markup(
            '<li><span lang="{3}">{0}</span><a href="{1}/{2}?locale={3}">HTML</a>'
            '<a href="{1}/{2}?locale={3}&amp;part=text">text</a></li>'
        ).format(name, ROOT, kind, code)
        for code, name in LANGUAGE_NAMES.items()
    )
    return Markup("<h2>{}</h2><ul>{}</ul>").format(kind, links)
