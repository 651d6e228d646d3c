import pytest
from nats.aio.client import Client

from shared.runtime import headers

PLAIN = b"ce-id: 0190\r\nce-type:links.link.created\r\nNats-Msg-Id:  0190  \r\n\r\n"
BLOCKS = [
    PLAIN,
    b"",
    b"\r\n",
    b"a: b",
    b"a: b: c\r\n",
    b"a:\r\nb: \r\n",
    b": nameless\r\n",
    b"no colon\r\na: 1\r\n",
    b"a: 1\r\na: 2\r\n",
    b"a b: skipped\r\nc: 1\r\n",
    b" a : around\r\n",
    b"a:\ttab\r\n",
    b"a\tb: skipped\r\n",
    b"a: x\x1c\r\n",
    b"a: \x00\r\n",
    b"a: b\nc: d\r\n",
    "a: caf\u00e9\r\n".encode(),
    "caf\u00e9: a\r\nb: c\r\n".encode(),
    b"a: \xff\r\n",
    b"a: \x7f\r\n",
]


@pytest.mark.parametrize("raw", BLOCKS)
def test_headers_are_read_as_nats_py_reads_them(raw: bytes) -> None:
    assert headers.parse(raw) == headers._theirs(raw)


def test_plain_headers_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "_theirs", lambda _: pytest.fail("went to nats-py"))
    assert headers.parse(PLAIN) == {"ce-id": "0190", "ce-type": "links.link.created", "Nats-Msg-Id": "0190"}


def test_connections_read_them_so() -> None:
    headers.install()
    assert Client._parse_header_lines is headers.parse
