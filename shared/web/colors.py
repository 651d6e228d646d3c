"""A merchant's brand color, made readable. Formulas: WCAG 2.2, "relative luminance" and "contrast ratio"."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

BRAND_DEFAULT: Final = "#0a6b5a"
INK: Final = "#10151b"
BLACK: Final = "#000000"
PAPER: Final = "#ffffff"
SURFACES_LIGHT: Final = ("#ffffff", "#f4f6f8", "#fff4d6")
SURFACES_DARK: Final = ("#171c22", "#0e1216", "#1f262d", "#33280d")
"""What links and chosen things stand on: `--surface`, `--bg`, `--soft` and `--warn-soft` of the stylesheet."""
CONTRAST_TEXT: Final = 4.5

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_STEPS: Final = 40


class Brand(Struct, frozen=True):
    """`fill` with `on_fill` as its text; `accent` and `accent_dark` are the fill moved until text in it can be read."""

    fill: str
    on_fill: str
    accent: str
    accent_dark: str


@lru_cache(1024)
def brand(color: str | None) -> Brand:
    """The brand for `#rrggbb`; anything else is never passed on, and reads as Paylinks' own green."""
    fill = color.lower() if color and _HEX.fullmatch(color) else BRAND_DEFAULT
    # Where white fails, black reaches 21 / 4.5 = 4.67.
    on_fill = next((text for text in (PAPER, INK) if contrast(fill, text) >= CONTRAST_TEXT), BLACK)
    return Brand(
        fill=fill,
        on_fill=on_fill,
        accent=_readable(fill, SURFACES_LIGHT, toward=BLACK),
        accent_dark=_readable(fill, SURFACES_DARK, toward=PAPER),
    )


def contrast(one: str, other: str) -> float:
    """Between 1 (equal) and 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, surfaces: tuple[str, ...], *, toward: str) -> str:
    for step in range(_STEPS + 1):
        mixed = _mix(color, toward, step / _STEPS)
        if all(contrast(mixed, surface) >= CONTRAST_TEXT for surface in surfaces):
            return mixed
    return toward


def _mix(color: str, other: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (
        value / 12.92 if (value := channel / 255) <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for channel in _channels(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
