import pytest

from shared.runtime.settings import ServiceSettings, SettingsError

GOOD = {
    "PAYLINKS_HTTP_PORT": "8101",
    "PAYLINKS_POSTGRES_DSN": "postgresql://localhost/x",
    "PAYLINKS_NATS_URL": "nats://localhost:4222",
    "PAYLINKS_PUBLIC_URL": "http://localhost:8080",
    "PAYLINKS_SECRET_KEY": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA",
}


def test_settings_are_read_from_the_environment():
    settings = ServiceSettings.from_environment({**GOOD, "PAYLINKS_TEST_MODE": "1"})
    assert (settings.http_port, settings.test_mode) == (8101, True)


@pytest.mark.parametrize("missing", GOOD)
def test_a_missing_setting_is_named_in_one_sentence(missing):
    with pytest.raises(SettingsError) as error:
        ServiceSettings.from_environment({name: value for name, value in GOOD.items() if name != missing})
    assert missing in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PAYLINKS_HTTP_PORT", "many"), ("PAYLINKS_TEST_MODE", "perhaps"), ("PAYLINKS_SECRET_KEY", "c2hvcnQ")],
)
def test_a_setting_that_cannot_be_used_is_named(name, value):
    with pytest.raises(SettingsError, match=name):
        ServiceSettings.from_environment({**GOOD, name: value})
