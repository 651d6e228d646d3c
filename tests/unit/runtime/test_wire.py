import pytest
from nats.aio.client import Client
from nats.errors import BadHeaderError, MaxPayloadError
from nats.protocol import command

from shared.runtime import wire

HEADERS = {"ce-id": "0190", "ce-type": "links.link.created", "traceparent": "00-1-2-01"}


@pytest.mark.parametrize("body", [b"", b"{}", '{"title": "Caf\u00e9"}'.encode(), b"\r\n\r\n\x00"])
@pytest.mark.parametrize("reply", ["", "_INBOX.1.2"])
def test_a_message_is_written_as_nats_py_writes_it(reply: str, body: bytes) -> None:
    lines = b"NATS/1.0\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in HEADERS.items()) + b"\r\n"
    assert wire.hpub("links.evt", reply, HEADERS, body) == command.hpub_cmd("links.evt", reply, lines, body)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\r"])
def test_no_value_ends_its_line(value: str) -> None:
    with pytest.raises(BadHeaderError):
        wire.hpub("links.evt", "", {"ce-id": "0190", "traceparent": value}, b"")


async def test_what_the_server_would_hang_up_for_is_not_sent() -> None:
    client = Client()
    client._max_payload = 100
    with pytest.raises(MaxPayloadError):
        await wire.send(client, [b"PUB a 0\r\n\r\n", wire.hpub("links.evt", "", HEADERS, b"x" * 100)])
    assert not client._pending
