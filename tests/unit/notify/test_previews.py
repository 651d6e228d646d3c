"""Every kind of mail can be looked at, in every language, in test mode only."""

from typing import get_args

import pytest
from litestar.testing import TestClient

from services.notify.app import parts
from services.notify.mailers.preview import preview
from services.notify.pages import preview_page
from shared.contracts.notify import MailKind
from shared.runtime.service import litestar
from shared.web.locales import LOCALES


@pytest.mark.parametrize("kind", get_args(MailKind))
@pytest.mark.parametrize("locale", LOCALES)
def test_every_mail_has_a_preview_in_every_language(kind: MailKind, locale: str) -> None:
    wording = preview(kind, locale, public_url="https://pay.example/")
    for text in (wording.subject, wording.text, wording.html):
        assert "Kampala Coffee" in text
    assert f'lang="{locale}"' in wording.html
    assert "pay.example//" not in wording.text


def test_the_page_shows_the_mail_and_loads_nothing() -> None:
    with TestClient(litestar(parts(previews=[preview_page("https://pay.example")]))) as client:
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
