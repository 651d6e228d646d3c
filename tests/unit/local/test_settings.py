from pathlib import Path

import pytest

from deploy.local.faults import CannotStartError
from deploy.local.settings import LocalSettings


def test_without_any_variable_the_gateway_is_on_8080_and_data_in_var():
    settings = LocalSettings.from_environment({"PAYLINKS_NATS_URL": ""})
    assert (settings.port, settings.home, settings.nats_url) == (8080, Path("var").absolute(), None)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80.5", "²"])
def test_a_port_that_cannot_be_is_refused_with_what_to_do(port):
    with pytest.raises(CannotStartError, match="set it to a port number from 1 to 65535"):
        LocalSettings.from_environment({"PAYLINKS_PORT": port})


def test_an_outside_server_must_be_named_by_a_url_and_the_refusal_does_not_repeat_its_password():
    with pytest.raises(CannotStartError) as refusal:
        LocalSettings.from_environment({"PAYLINKS_POSTGRES_DSN": "mysql://me:hunter2@there"})
    assert "PAYLINKS_POSTGRES_DSN" in str(refusal.value)
    assert "postgresql://host:port" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
