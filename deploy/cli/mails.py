from pathlib import Path
from typing import get_args

from cyclopts import App

from services.notify.mailers.preview import preview as worded
from shared.contracts.notify import MailKind
from shared.web.locales import LOCALES

app = App(name="mails", help="The mails that buyers and merchants get.")


@app.command
def preview(
    kind: MailKind | None = None,
    *,
    locale: str = "en",
    html: bool = False,
    folder: Path | None = None,
    url: str = "http://127.0.0.1:8080",
) -> None:
    """Print a mail with made-up contents: subject and text, or its HTML; or write all of them into a folder.

    Args:
        kind: Which mail; with --folder, all of them where none is named.
        locale: en, fr, rw, sw or lg; any other reads as English.
        html: Its HTML alone, to be looked at in a browser: paylinks mails preview link --html > mail.html
        folder: Write text and HTML in every language into this folder instead.
        url: The origin that its addresses begin with.
    """
    if folder is not None:
        _write((kind,) if kind else get_args(MailKind), folder, url)
        return
    if kind is None:
        raise SystemExit(f"Say which mail: {', '.join(get_args(MailKind))}. Or --folder for all of them.")
    wording = worded(kind, locale, public_url=url)
    print(wording.html if html else f"Subject: {wording.subject}\n\n{wording.text}", end="")


def _write(kinds: tuple[MailKind, ...], folder: Path, url: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        for locale in LOCALES:
            wording = worded(kind, locale, public_url=url)
            (folder / f"{kind}.{locale}.html").write_text(wording.html, "utf-8")
            (folder / f"{kind}.{locale}.txt").write_text(f"Subject: {wording.subject}\n\n{wording.text}", "utf-8")
    print(f"{len(kinds) * len(LOCALES) * 2} files in {folder}")
