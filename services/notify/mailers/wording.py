"""What the mails of all kinds share: their templates, their words, and the frame around what they say."""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup, escape

from shared.web.catalogs import isolated, read_messages
from shared.web.colors import Brand, brand
from shared.web.locales import LOCALE_DEFAULT, LOCALES, known_locale
from shared.web.pages import http_url

_SELLERS_MAX: Final = 1024
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


class About(Protocol):
    """What a mail of any kind is told of whom it comes from."""

    @property
    def merchant_name(self) -> str: ...
    @property
    def support_email(self) -> str | None: ...
    @property
    def color(self) -> str | None: ...
    @property
    def livemode(self) -> bool: ...


class Words:
    """The pages' messages and the mails' own, of one locale. The templates escape what they get, where they must."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._markup = {key: escape(text) for key, text in messages.items()}

    def __call__(self, key: str, **values: str) -> str:
        shown = {name: isolated(value) for name, value in values.items()}
        # One Markup value (a link) makes a Markup of the whole, with every other value escaped.
        if any(isinstance(value, Markup) for value in values.values()):
            return self._markup[key].format(**shown)
        return self._messages[key].format(**shown)


def known(locale: str) -> str:
    """`locale` is a BCP 47 tag; one that there is no translation for reads as English."""
    return known_locale(locale) or LOCALE_DEFAULT


@cache
def words(locale: str) -> Words:
    own = tomllib.loads((TEMPLATES / "translations" / f"{locale}.toml").read_text("utf-8"))
    return Words({**read_messages(locale), **own})


@cache
def templates(name: str) -> tuple[Template, Template]:
    """Text and HTML of one kind of mail."""
    return _environment.get_template(f"{name}.txt"), _environment.get_template(f"{name}.html")


def warm() -> None:
    """Reads everything at the start: a deploy may put other files under a process that runs."""
    for path in TEMPLATES.glob("*.txt"):
        templates(path.stem)
    for locale in LOCALES:
        words(locale)


def worded(
    template: str, locale: str, mail: About, *, subject: str, why: str, preview: str, **values: object
) -> Wording:
    """`why` says why they get this mail. A `preview` is what lists of mails show beside the subject."""
    t = words(locale)
    subject = subject if mail.livemode else t("subject_test", subject=subject)
    colors = brand(mail.color)
    frame: dict[str, object] = {
        "t": t,
        "locale": locale,
        "mail": mail,
        "subject": subject,
        "why": why,
        "preview": preview,
        "brand": colors,
        "initial": mail.merchant_name[:1].upper(),
        "support": _support(mail.support_email, locale, colors),
        "unsubscribe_url": None,
    }
    text, html = templates(template)
    return Wording(subject, text.render(frame | values), html.render(frame | values))


@lru_cache(_SELLERS_MAX)
def _support(address: str | None, locale: str, colors: Brand) -> Markup:
    """Where questions go, as HTML: the same in all mails of a seller."""
    if not address:
        return Markup()
    link = Markup('<a class="accent" href="mailto:{}" style="color:{}">{}</a>')
    return Markup(words(locale)("support", email=link.format(quote(address, safe="@+"), colors.accent, address)))  # noqa: S704 - each part was escaped
