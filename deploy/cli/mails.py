from cyclopts import App

from services.notify.mailers.preview import preview as worded
from shared.contracts.notify import MailKind

app = App(name="mails", help="The mails that buyers get.")


@app.command
def preview(kind: MailKind, *, locale: str = "en", html: bool = False, url: str = "http://127.0.0.1:8080") -> None:
    """Print a mail with made-up contents: subject and text, or its HTML.

    Args:
        kind: Which mail.
        locale: en, fr, rw, sw or lg; any other reads as English.
        html: Its HTML alone, to be looked at in a browser: paylinks mails preview link --html > mail.html
        url: The origin that its addresses begin with.
    """
    wording = worded(kind, locale, public_url=url)
    print(wording.html if html else f"Subject: {wording.subject}\n\n{wording.text}", end="")
