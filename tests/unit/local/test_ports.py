import socket

import pytest

from deploy.local.faults import CannotStartError
from deploy.local.ports import choose_ports, is_free, require_gateway_port


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_ports_are_free_different_and_the_same_at_the_next_start(tmp_path):
    first = choose_ports(["links", "nats", "smtp"], tmp_path / "ports.json")
    assert len(set(first.values())) == 3
    assert all(is_free(port) for port in first.values())
    assert choose_ports(["links", "nats", "smtp"], tmp_path / "ports.json") == first


def test_a_remembered_port_that_was_taken_meanwhile_is_changed_and_the_others_stay(tmp_path, taken):
    before = choose_ports(["links", "nats"], tmp_path / "ports.json")
    (tmp_path / "ports.json").write_text(f'{{"links": {taken}, "nats": {before["nats"]}}}')
    after = choose_ports(["links", "nats"], tmp_path / "ports.json")
    assert after["links"] != taken
    assert after["nats"] == before["nats"]


def test_a_garbled_memory_of_ports_is_no_obstacle(tmp_path):
    (tmp_path / "ports.json").write_text("{")
    assert choose_ports(["links"], tmp_path / "ports.json").keys() == {"links"}


def test_a_taken_gateway_port_is_one_clear_sentence(taken):
    with pytest.raises(CannotStartError, match=f"Port {taken} is taken .* PAYLINKS_PORT"):
        require_gateway_port(taken)
