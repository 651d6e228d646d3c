"""A few line icons, drawn on 24 by 24 and colored by the text around them."""

from typing import Final

from markupsafe import Markup

_PATHS: Final = {
    "alert": "M12 4L2.8 20h18.4zM12 10v4M12 17v.5",
    "back": "M9 6L4.5 10.5 9 15M4.5 10.5H14a5 5 0 0 1 0 10h-3",
    "bank": "M4 10l8-5 8 5M4 10h16M6 10v7M10 10v7M14 10v7M18 10v7M4 19h16",
    "card": "M3 6h18v12H3zM3 10h18M6.5 14.5h3",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "clock": "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
    "cross": "M7 7l10 10M17 7L7 17",
    "dial": "M9 4L7 20M17 4l-2 16M4 9h17M3 15h17",
    "lock": "M8 11V8a4 4 0 0 1 8 0v3M6 11h12v9H6z",
    "pause": "M9 6v12M15 6v12",
    "phone": "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
    "print": "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    "ticket": "M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4zM14 6v12",
}
_SVG: Final = Markup('<svg class="i" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>')
_ICONS: Final = {name: _SVG.format(path) for name, path in _PATHS.items()}


def icon(name: str) -> Markup:
    """An icon that says nothing to a screen reader: the text beside it does."""
    return _ICONS[name]
