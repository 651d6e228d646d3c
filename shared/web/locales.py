"""Which language a page speaks."""

from typing import Final

LOCALE_DEFAULT: Final = "en"
LANGUAGE_NAMES: Final[dict[str, str]] = {
    "en": "English",
    "fr": "Français",
    "rw": "Kinyarwanda",
    "sw": "Kiswahili",
    "lg": "Luganda",
}
"""Each language by its own name: a reader finds theirs without knowing any other."""

LOCALES: Final = tuple(LANGUAGE_NAMES)
LOCALE_COOKIE: Final = "paylinks_lang"

_HEADER_CHARS_MAX: Final = 256


def known_locale(tag: str | None) -> str | None:
    """The locale for a BCP 47 tag such as `fr-CI`, or None where there is no translation."""
    language = (tag or "").strip().replace("_", "-").split("-", 1)[0].lower()
    return language if language in LANGUAGE_NAMES else None


def choose_locale(
    asked: str | None, cookie: str | None, *, accept_language: str | None, default: str = LOCALE_DEFAULT
) -> str:
    """What the reader wants, then `default` (the merchant's), then English."""
    return wished_locale(asked, cookie, accept_language=accept_language) or known_locale(default) or LOCALE_DEFAULT


def wished_locale(asked: str | None, cookie: str | None, *, accept_language: str | None) -> str | None:
    """`?lang=`, then the cookie of an earlier choice, then the browser's wish; None where nobody wants a known one."""
    return known_locale(asked) or known_locale(cookie) or _from_header(accept_language)


def _from_header(header: str | None) -> str | None:
    """RFC 9110 section 12.5.4: the known language with the highest weight; the first of equals."""
    best, best_weight = None, 0.0
    for part in (header or "")[:_HEADER_CHARS_MAX].split(","):
        tag, _, parameters = part.partition(";")
        locale, weight = known_locale(tag), _weight(parameters)
        if locale and weight > best_weight:
            best, best_weight = locale, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
