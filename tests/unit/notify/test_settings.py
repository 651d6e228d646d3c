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
    assert (server.host, server.port, server.tls) == ("mail.example", 465, "always")
    assert (server.username, server.password) == ("me@x", "p/w")


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example", 25, "offered"),
        ("smtp+starttls://mail.example", 587, "required"),
        ("smtp+starttls://mail.example:2525", 2525, "required"),
        ("smtps://mail.example", 465, "always"),
    ],
)
def test_the_scheme_says_how_the_way_to_the_mail_server_is_sealed(url: str, port: int, tls: str) -> None:
    server = Settings.from_environment(BASE | {"PAYLINKS_SMTP_URL": url}).smtp_server()
    assert (server.port, server.tls, server.ca_file) == (port, tls, None)


def test_a_private_authority_is_named_by_its_file_and_nothing_else_is_taken() -> None:
    url = "smtps://:secret@mail.example?ca_file=/etc/ca%20ours.pem"
    assert Settings.from_environment(BASE | {"PAYLINKS_SMTP_URL": url}).smtp_server().ca_file == "/etc/ca ours.pem"
    for wrong in ("?verify=no", "?ca_file=a&ca_file=b"):
        with pytest.raises(SettingsError, match="no option but ca_file") as refused:
            Settings.from_environment(BASE | {"PAYLINKS_SMTP_URL": f"smtps://:secret@mail.example{wrong}"})
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("pace", ["0", "-1", "nan", "inf", "100001"])
def test_a_pace_that_sends_nothing_or_everything_is_refused(pace: str) -> None:
    with pytest.raises(SettingsError, match="PAYLINKS_MAIL_PER_DOMAIN_PER_SECOND"):
        Settings.from_environment(BASE | {"PAYLINKS_MAIL_PER_DOMAIN_PER_SECOND": pace})


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


@pytest.mark.parametrize(
    ("test_mode", "named", "reach"),
    [
        ("0", None, "global"),
        ("0", "global", "global"),
        ("1", None, "loopback"),
        ("1", "private", "private"),
        ("1", "global", "global"),
    ],
)
def test_webhooks_reach_the_public_internet_and_in_test_mode_this_machine(
    test_mode: str, named: str | None, reach: str
) -> None:
    environment = BASE | {"PAYLINKS_TEST_MODE": test_mode} | ({"PAYLINKS_WEBHOOK_REACH": named} if named else {})
    assert Settings.from_environment(environment).reach() == reach


@pytest.mark.parametrize(("test_mode", "reach"), [("0", "loopback"), ("0", "private"), ("0", "any"), ("1", "any")])
def test_no_setting_opens_the_inside_of_production(test_mode: str, reach: str) -> None:
    with pytest.raises(SettingsError, match="PAYLINKS_WEBHOOK_REACH"):
        Settings.from_environment(BASE | {"PAYLINKS_TEST_MODE": test_mode, "PAYLINKS_WEBHOOK_REACH": reach})


@pytest.mark.parametrize(
    ("name", "value"), [("DISABLE_AFTER_DAYS", "0"), ("ATTEMPT_SECONDS", "16"), ("ATTEMPT_SECONDS", "0")]
)
def test_times_that_make_no_sense_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match="PAYLINKS_WEBHOOK_"):
        Settings.from_environment(BASE | {f"PAYLINKS_WEBHOOK_{name}": value})
