"""Questions to a server that may not be there yet. All of them answer, none of them raises."""

import asyncio
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 2.0
_SMTP_PORTS = {"smtp+starttls": 587}


async def http_answers(url: str, *, status_max: int = 499) -> bool:
    """Whether a GET is answered with at most `status_max`."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    line = await _first_line(parts.hostname or "", parts.port or 80, say=request.encode())
    status = line.split(b" ")[1:2]
    return bool(status) and status[0].isdigit() and int(status[0]) <= status_max


async def nats_answers(url: str) -> bool:
    """Whether a NATS server greets there. It does so only after JetStream has recovered its streams."""
    parts = urlsplit(url)
    return (await _first_line(parts.hostname or "", parts.port or 4222)).startswith(b"INFO ")


async def smtp_answers(url: str) -> bool:
    parts = urlsplit(url)
    return (await _first_line(parts.hostname or "", parts.port or _SMTP_PORTS.get(parts.scheme, 25))).startswith(b"220")


async def _first_line(host: str, port: int, *, say: bytes = b"") -> bytes:
    """The first line that is heard, empty when there is none in time."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(say)
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return b""
