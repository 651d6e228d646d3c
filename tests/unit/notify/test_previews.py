"""Every kind of mail can be looked at, in every language, in test mode only."""

import html
import os
import re
from pathlib import Path
from typing import get_args

import pytest
from litestar.testing import TestClient

from deploy.cli import mails as command
from services.notify.app import parts
from services.notify.mailers.preview import preview
from services.notify.pages import preview_pages
from shared.contracts.notify import MailKind
from shared.runtime.service import litestar
from shared.web.locales import LOCALES

GOLDEN = Path(__file__).parents[2] / "golden" / "mails"


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PAYLINKS_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} changed: look at it, then run with PAYLINKS_WRITE_GOLDEN=1"


@pytest.mark.parametrize("kind", ["otp", "reminder", "payment_failed", "webhook_disabled", "renewal", "dunning"])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_mail_reads_as_it_was_approved(kind: MailKind, locale: str) -> None:
    wording = preview(kind, locale, public_url="https://pay.example")
    assert_golden(f"{kind}_{locale}.txt", f"{wording.subject}\n\n{wording.text}")
    assert_golden(f"{kind}_{locale}.html", wording.html)


@pytest.mark.parametrize("kind", get_args(MailKind))
def test_no_mail_loads_anything_and_every_one_reads_in_the_dark(kind: MailKind) -> None:
    page = preview(kind, "en", public_url="https://pay.example").html
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|@font-face|\bsrc=", page)
    assert "prefers-color-scheme:dark" in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert len(page.encode()) < 20_000


@pytest.mark.parametrize("kind", get_args(MailKind))
@pytest.mark.parametrize("locale", LOCALES)
def test_every_mail_has_a_preview_in_every_language(kind: MailKind, locale: str) -> None:
    wording = preview(kind, locale, public_url="https://pay.example/")
    for text in (wording.subject, wording.text, wording.html):
        assert "Kampala Coffee" in text
    assert f'lang="{locale}"' in wording.html
    assert "pay.example//" not in wording.text


def test_the_page_shows_the_mail_and_loads_nothing() -> None:
    with TestClient(litestar(parts(previews=preview_pages("https://pay.example")))) as client:
        page = client.get("/v1/mails/preview/link?locale=fr")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "Voir et payer" in page.text
        text = client.get("/v1/mails/preview/link?locale=sw&part=text")
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert "Angalia na ulipe" in text.text
        assert client.get("/v1/mails/preview/nope").status_code == 400


def test_there_is_no_such_page_where_money_is_real() -> None:
    with TestClient(litestar(parts())) as client:
        assert client.get("/v1/mails/preview/link").status_code == 404


def test_the_list_leads_to_every_mail_in_every_language() -> None:
    with TestClient(litestar(parts(previews=preview_pages("https://pay.example")))) as client:
        page = client.get("/v1/mails/preview")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        addresses = [html.unescape(found) for found in re.findall(r'href="([^"]+)"', page.text)]
        assert len(addresses) == len(get_args(MailKind)) * len(LOCALES) * 2
        assert {client.get(address).status_code for address in addresses} == {200}


def test_the_command_prints_one_and_writes_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.preview("reminder", locale="fr")
    assert "Subject: Rappel de Kampala Coffee" in capsys.readouterr().out
    command.preview("reminder", html=True)
    assert capsys.readouterr().out.startswith("<!doctype html>")
    command.preview(folder=tmp_path / "new")
    assert len(list((tmp_path / "new").iterdir())) == len(get_args(MailKind)) * len(LOCALES) * 2
    with pytest.raises(SystemExit, match="Say which mail: receipt"):
        command.preview()
