"""Pictures of a link's address (QR code, error correction M), to be printed or shown."""

import io
from functools import lru_cache
from typing import Final, Literal

import segno

Format = Literal["svg", "png"]
SIZE_MIN: Final = 64
SIZE_MAX: Final = 2_048
SIZE_DEFAULT: Final = 320
MEDIA_TYPES: Final[dict[Format, str]] = {"svg": "image/svg+xml", "png": "image/png"}
_KEPT: Final = 256


@lru_cache(_KEPT)
def qr_code(url: str, kind: Format, size: int) -> bytes:
    """`size` is the width in pixels, its quiet zone included. A PNG is as wide as whole pixels a module allow."""
    code = segno.make(url, error="m", boost_error=False, micro=False)
    across = code.symbol_size()[0]
    picture = io.BytesIO()
    if kind == "svg":
        code.save(picture, kind="svg", scale=size / across, xmldecl=False, light="#fff", title=url, nl=False)
    else:
        code.save(picture, kind="png", scale=max(1, size // across), light="#fff")
    return picture.getvalue()
