"""Translations: one TOML file a locale, flat keys, `{placeholders}`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from shared.web.locales import LOCALES

_FOLDER: Final = Path(__file__).parent / "translations"
_ZERO_IS_SINGULAR: Final = frozenset({"fr"})


class Catalog:
    """The messages of one locale, called as `t("pay", amount=...)`: values are escaped, unless they are Markup."""

    def __init__(self, locale: str, messages: Mapping[str, str]) -> None:
        self.locale = locale
        self._messages = {key: escape(text) for key, text in messages.items()}

    def __call__(self, key: str, **values: object) -> Markup:
        message = self._messages[key]
        return message.format(**values) if values else message

    def count(self, key: str, n: int) -> Markup:
        """The message `<key>_one` or `<key>_other`, with `{n}`."""
        one = n == 1 or (n == 0 and self.locale in _ZERO_IS_SINGULAR)
        return self._messages[f"{key}_one" if one else f"{key}_other"].format(n=n)


def read_messages(locale: str) -> dict[str, str]:
    return tomllib.loads((_FOLDER / f"{locale}.toml").read_text("utf-8"))


@cache
def catalog(locale: str) -> Catalog:
    """The catalog of `locale`, one of `LOCALES`; read once."""
    if locale not in LOCALES:
        raise KeyError(locale)
    return Catalog(locale, read_messages(locale))
