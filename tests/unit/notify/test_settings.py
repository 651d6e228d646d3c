import base64

import pytest

from services.notify.settings import Settings
from shared.runtime.settings import SettingsError

BASE = {
    "PAYLINKS_HTTP_PORT": "1",
    "PAYLINKS_POSTGRES_DSN": "postgresql://x",
    "PAYLINKS_NATS_URL": "nats://x",
    "PAYLINKS_PUBLIC_URL": "https://pay.example",
    "PAYLINKS_SECRET_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
    "PAYLINKS_SMTP_URL": "smtp://127.0.0.1:1025",
    "PAYLINKS_MAIL_FROM": "Paylinks <receipts@pay.example>",
}


def test_the_mail_server_is_read_from_its_url() -> None:
    server = Settings.from_environment(BASE | {"PAYLINKS_SMTP_URL": "smtps://me%40x:p%2Fw@mail.example"}).smtp_server()
    assert (server.host, server.port, server.tls) == ("mail.example", 465, True)
    assert (server.username, server.password) == ("me@x", "p/w")


def test_sender_and_host_are_taken_from_the_settings() -> None:
    settings = Settings.from_environment(BASE)
    assert settings.from_address() == "receipts@pay.example"
    assert settings.public_host() == "pay.example"


@pytest.mark.parametrize("url", ["http://:secret@x", "smtp://", "secret.example:25", "smtp://:secret@x:notaport"])
def test_a_wrong_mail_server_is_one_sentence_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"PAYLINKS_SMTP_URL must look like") as refused:
        Settings.from_environment(BASE | {"PAYLINKS_SMTP_URL": url})
    assert "secret" not in str(refused.value)


def test_a_sender_that_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="PAYLINKS_MAIL_FROM"):
        Settings.from_environment(BASE | {"PAYLINKS_MAIL_FROM": "Paylinks"})
