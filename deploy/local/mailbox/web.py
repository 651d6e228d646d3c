import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from litestar import Litestar, Response, get, put
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

from deploy.local.mailbox.mail import Mail
from deploy.local.mailbox.smtp import Faults, Reply
from deploy.local.mailbox.store import MailStore

PAGE_SIZE = 100
# A mail is a stranger's HTML: it may show itself, and its links open beside it.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; frame-src 'self'; base-uri 'none'"
)
_MAIL_POLICY = f"{_PAGE_POLICY}; sandbox allow-popups allow-popups-to-escape-sandbox"
_PAGES = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)


class FaultsBody(msgspec.Struct, forbid_unknown_fields=True):
    reply: Reply


def mailbox_app(store: MailStore, faults: Faults) -> Litestar:
    """`/` and `/mails/<id>` for people, `/mails.json` for scripts, `PUT /faults` for tests."""
    return Litestar([*_pages(store), *_json(store, faults)], openapi_config=None, logging_config=None)


def _pages(store: MailStore) -> Sequence[BaseRouteHandler]:
    @get("/", sync_to_thread=False)
    def show_list(to: Annotated[str, Parameter(max_length=320)] = "") -> Response[str]:
        mails = [msgspec.json.decode(mail, type=Mail) for mail in store.listed(to=to, limit=PAGE_SIZE)]
        nonce = secrets.token_urlsafe(16)
        policy = f"{_PAGE_POLICY}; script-src 'nonce-{nonce}'; connect-src 'self'"
        return _page("list.html", policy=policy, nonce=nonce, mails=mails, to=to, total=len(store))

    @get("/mails/{mail_id:str}", sync_to_thread=False)
    def show_mail(mail_id: str) -> Response[str]:
        return _page("mail.html", policy=_PAGE_POLICY, mail=_found(store, mail_id))

    @get("/mails/{mail_id:str}/html", sync_to_thread=False)
    def show_html(mail_id: str) -> Response[str]:
        mail = _found(store, mail_id)
        return Response(
            _with_links_in_new_tabs(mail.html),
            media_type="text/html",
            headers={"Content-Security-Policy": _MAIL_POLICY},
        )

    return [show_list, show_mail, show_html]


def _json(store: MailStore, faults: Faults) -> Sequence[BaseRouteHandler]:
    @get("/mails.json", sync_to_thread=False)
    def list_mails(
        to: Annotated[str | None, Parameter(max_length=320)] = None,
        limit: Annotated[int | None, Parameter(ge=1)] = None,
    ) -> Response[bytes]:
        return Response(b"[" + b",\n".join(store.listed(to=to, limit=limit)) + b"]", media_type="application/json")

    @get("/faults", sync_to_thread=False)
    def show_faults() -> FaultsBody:
        return FaultsBody(faults.reply)

    @put("/faults", sync_to_thread=False)
    def set_faults(data: FaultsBody) -> FaultsBody:
        faults.reply = data.reply
        return data

    @get("/health", sync_to_thread=False)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return [list_mails, show_faults, set_faults, health]


def _with_links_in_new_tabs(html: str) -> str:
    head, tag, rest = html.partition("<head>")
    base = '<base target="_blank">'
    return f"{head}{tag}{base}{rest}" if tag else base + html


def _found(store: MailStore, mail_id: str) -> Mail:
    mail = store.get(mail_id)
    if mail is None:
        raise NotFoundException(detail="There is no such mail.")
    return mail


def _page(template: str, *, policy: str, **values: Any) -> Response[str]:
    html = _PAGES.get_template(template).render(values)
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return Response(html, media_type="text/html", headers=headers)
