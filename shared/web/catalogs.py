"""Translations: one TOML file a locale, flat keys, `{placeholders}`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import bidirectional

from markupsafe import Markup, escape

from shared.web.locales import LOCALES

_FOLDER: Final = Path(__file__).parent / "translations"
_ZERO_IS_SINGULAR: Final = frozenset({"fr"})
_FROM_RIGHT: Final = frozenset({"R", "AL", "RLE", "RLO", "LRE", "LRO"})


class Catalog:
    """The messages of one locale, called as `t("pay", amount=...)`: values are escaped, unless they are Markup."""

    def __init__(self, locale: str, messages: Mapping[str, str]) -> None:
        self.locale = locale
        self._messages = {key: escape(text) for key, text in messages.items()}

    def __call__(self, key: str, **values: object) -> Markup:
        message = self._messages[key]
        return message.format(**{name: isolated(value) for name, value in values.items()}) if values else message

    def count(self, key: str, n: int) -> Markup:
        """The message `<key>_one` or `<key>_other`, with `{n}`."""
        one = n == 1 or (n == 0 and self.locale in _ZERO_IS_SINGULAR)
        return self._messages[f"{key}_one" if one else f"{key}_other"].format(n=n)


def isolated(value: object) -> object:
    """A name written from right to left, between marks that keep the sentence around it in order (UAX #9, isolates)."""
    if isinstance(value, str) and not value.isascii() and any(bidirectional(char) in _FROM_RIGHT for char in value):
        return "\N{FIRST STRONG ISOLATE}" + value + "\N{POP DIRECTIONAL ISOLATE}"
    return value


def read_messages(locale: str) -> dict[str, str]:
    return tomllib.loads((_FOLDER / f"{locale}.toml").read_text("utf-8"))


@cache
def catalog(locale: str) -> Catalog:
    """The catalog of `locale`, one of `LOCALES`; read once."""
    if locale not in LOCALES:
        raise KeyError(locale)
    return Catalog(locale, read_messages(locale))
