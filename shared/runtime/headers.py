"""Reading the headers of messages, faster than nats-py does.

A fact has a dozen headers, and nats-py looks at every character of every name in Python: a quarter of what a consumer
spent on a fact (`py-spy` of notify while links are made). This reads plain ones and leaves the others to nats-py.
"""

from typing import Final

from nats.aio.client import Client

_theirs: Final = Client._parse_header_lines  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - replaced by `install`


def parse(raw: bytes) -> dict[str, str]:
    """As nats-py: names and values without the space around them, the last of a name that stands twice."""
    if raw.isascii():
        lines = raw.decode().split("\r\n")
        if "".join(lines).isprintable():
            headers: dict[str, str] = {}
            for line in lines:
                name, colon, value = line.partition(":")
                name = name.strip()
                if colon and " " not in name:
                    headers[name] = value.strip()
            return headers
    return _theirs(raw)


def install() -> None:
    """For every connection of this process."""
    Client._parse_header_lines = staticmethod(parse)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no other door
