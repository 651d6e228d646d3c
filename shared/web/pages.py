"""Templates and the files that are written into pages."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.web.catalogs import Catalog
from shared.web.icons import icon

_HERE: Final = Path(__file__).parent


def environment(t: Catalog, *folders: Path) -> Environment:
    """Templates of `folders`, then the shell's, in one language: escaped by default, strict about names.

    One environment a locale, since Jinja folds `"key"|t` into the text around it when it compiles: a page then costs
    half. `t("key", name=value)` is for messages with values.
    """
    env = Environment(
        loader=FileSystemLoader([*folders, _HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    cast("dict[str, Any]", env.globals)["t"] = t
    env.filters["t"] = t
    env.filters["icon"] = icon
    env.filters["http_url"] = http_url
    env.filters["image_url"] = image_url
    return env


@cache
def stylesheet(*files: Path) -> Markup:
    """CSS for a `style` element: the shell's, then `files`. Inlined, since on 2G every request costs a second."""
    sources = [path.read_text("utf-8") for path in (_HERE / "static" / "shell.css", *files)]
    return Markup(_without_comments("".join(sources)))  # noqa: S704 - our own file


@cache
def script(*files: Path) -> Markup:
    """JavaScript for a `script` element. Comments there stand on lines of their own."""
    source = "\n".join(path.read_text("utf-8") for path in files)
    lines = (line.strip() for line in source.splitlines())
    return Markup("\n".join(line for line in lines if line and not line.startswith("//")))  # noqa: S704 - our own file


def http_url(url: str | None) -> str:
    """`url` where it is a web address; else empty, so that no `javascript:` is ever behind a button."""
    parts = urlsplit((url or "").strip())
    return (url or "").strip() if parts.scheme in {"http", "https"} and parts.netloc else ""


def image_url(url: str | None) -> str:
    """`url` where a browser may load it as an image under our policy; else empty."""
    return url if url and url.startswith(("https://", "/", "data:image/")) and not url.startswith("//") else ""


def bold(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def mail_link(address: str) -> Markup:
    return Markup('<a href="mailto:{}">{}</a>').format(quote(address, safe="@+"), escape(address))


def _without_comments(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", css)).replace(";}", "}").strip()
