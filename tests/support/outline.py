"""Every page of the gallery in every language, and a page as its outline: tags, ids, text."""

from html.parser import HTMLParser

from shared.web.locales import LOCALES
from tests.support import page_gallery as gallery

PAGES = {(locale, name): page for locale in LOCALES for name, page in gallery.pages(locale).items()}


class Outline(HTMLParser):
    """Tags with their attributes, ids, and the texts outside script and style."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag not in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]
