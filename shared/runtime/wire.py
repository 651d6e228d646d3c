"""Many messages to NATS in one write, faster than nats-py.

nats-py looks at every header of every message by itself: 15 µs of CPU for a fact with its dozen headers. Here it is 3.
"""

from collections.abc import Mapping, Sequence

from nats.aio.client import Client
from nats.errors import BadHeaderError, MaxPayloadError


def hpub(subject: str, reply: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The command that publishes `body`. https://docs.nats.io/reference/reference-protocols/nats-protocol#hpub

    Raises:
        BadHeaderError: a value that would end its line.
    """
    head = "NATS/1.0\r\n" + "".join([f"{name}: {value}\r\n" for name, value in headers.items()]) + "\r\n"
    if head.count("\n") != len(headers) + 2 or head.count("\r") != len(headers) + 2:
        raise BadHeaderError("a value of more than one line")
    lines = head.encode()
    return b"HPUB %b %b %d %d\r\n%b%b\r\n" % (
        subject.encode(),
        reply.encode(),
        len(lines),
        len(lines) + len(body),
        lines,
        body,
    )


async def send(client: Client, commands: Sequence[bytes]) -> None:
    """Raises: MaxPayloadError: the server would close the connection for one of them."""
    if any(len(command) > client.max_payload for command in commands):
        raise MaxPayloadError
    await client._send_command(b"".join(commands))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no other door
    await client._flush_pending()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
