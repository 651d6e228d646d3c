"""Pages that show what mails look like, in test mode only."""

from typing import Any, Final, Literal

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from services.notify.mailers.preview import preview
from shared.contracts.notify import MailKind

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def preview_page(public_url: str) -> Any:
    @get("/v1/mails/preview/{kind:str}", sync_to_thread=False, include_in_schema=False)
    def show_preview(
        kind: FromPath[MailKind], locale: FromQuery[str] = "en", part: FromQuery[Literal["html", "text"]] = "html"
    ) -> Response[str]:
        wording = preview(kind, locale, public_url=public_url)
        if part == "text":
            return Response(f"{wording.subject}\n\n{wording.text}", media_type="text/plain", headers=_HEADERS)
        return Response(wording.html, media_type="text/html", headers=_HEADERS)

    return show_preview
