"""A receipt in words: subject, text and HTML, in the buyer's language and the merchant's time zone."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup, escape

from services.notify.domain.receipt import Receipt
from shared.web.catalogs import read_messages
from shared.web.colors import brand
from shared.web.formats import format_moment, format_money
from shared.web.locales import LOCALE_DEFAULT, LOCALES, known_locale
from shared.web.pages import http_url

TEMPLATES: Final = Path(__file__).parent.parent / "templates"

_environment: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)
_environment.filters["http_url"] = http_url


class Wording(msgspec.Struct, frozen=True):
    subject: str
    text: str
    html: str


class Words:
    """The pages' messages and the mails' own, of one locale. The templates escape what they get, where they must."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._markup = {key: escape(text) for key, text in messages.items()}

    def __call__(self, key: str, **values: str) -> str:
        # One Markup value (a link) makes a Markup of the whole, with every other value escaped.
        if any(isinstance(value, Markup) for value in values.values()):
            return self._markup[key].format(**values)
        return self._messages[key].format(**values)


@cache
def words(locale: str) -> Words:
    own = tomllib.loads((TEMPLATES / "translations" / f"{locale}.toml").read_text("utf-8"))
    return Words({**read_messages(locale), **own})


def mail_templates(name: str) -> tuple[Template, Template]:
    """Text and HTML of one kind of mail."""
    return _environment.get_template(f"{name}.txt"), _environment.get_template(f"{name}.html")


@cache
def _templates() -> tuple[Template, Template]:
    return mail_templates("receipt")


def warm() -> None:
    """Reads everything at the start: a deploy may put other files under a process that runs."""
    _templates()
    for locale in LOCALES:
        words(locale)


def word_receipt(receipt: Receipt, locale: str, *, url: str) -> Wording:
    """`locale` is a BCP 47 tag; one that there is no translation for reads as English."""
    locale = known_locale(locale) or LOCALE_DEFAULT
    t = words(locale)
    amount = format_money(receipt.total.minor, receipt.total.currency, locale)
    subject = t("subject", merchant=receipt.merchant_name, amount=amount)
    method = t(f"method_{receipt.method}")
    values: dict[str, object] = {
        "t": t,
        "locale": locale,
        "receipt": receipt,
        "url": url,
        "amount": amount,
        "subject": subject if receipt.livemode else t("subject_test", subject=subject),
        "preview": t("preview", title=receipt.link_title, number=receipt.number),
        "brand": brand(None),
        "initial": receipt.merchant_name[:1].upper(),
        "support_link": mail_link(receipt.support_email),
        "rows": [
            (t("row_title"), receipt.link_title),
            (t("row_date"), format_moment(receipt.paid_at, locale, zone=receipt.timezone)),
            (t("row_method"), f"{method} · {_unbroken(receipt.payer_hint)}" if receipt.payer_hint else method),
            (t("receipt_number"), receipt.number),
        ],
    }
    text, html = _templates()
    return Wording(str(values["subject"]), text.render(values), html.render(values))


def _unbroken(text: str) -> str:
    """A masked number in one piece, at the end of a line or the beginning of the next."""
    return text.replace(" ", "\u00a0")


def mail_link(address: str | None) -> Markup:
    if not address:
        return Markup()
    link = Markup('<a class="accent" href="mailto:{}" style="color:#0a6b5a">{}</a>')
    return link.format(quote(address, safe="@+"), address)
