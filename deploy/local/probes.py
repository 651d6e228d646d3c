"""Questions to a server that may not be there yet. All of them answer, none of them raises."""

import asyncio
import ssl
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 2.0
NATS_PORT = 4222
_SMTP_PORT = 25
_SMTP_PORTS = {"smtp+starttls": 587, "smtps": 465}


async def http_answers(url: str, *, status_max: int = 499) -> bool:
    """Whether a GET is answered with at most `status_max`."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    line = await _first_line(parts.hostname or "", parts.port or 80, say=request.encode())
    status = line.split(b" ")[1:2]
    return bool(status) and status[0].isdigit() and int(status[0]) <= status_max


async def nats_answers(url: str) -> bool:
    """Whether a NATS server greets there. It does so only after JetStream has recovered its streams."""
    return (await _nats_greeting(url)).startswith(b"INFO ")


async def nats_has_jetstream(url: str) -> bool:
    return b'"jetstream":true' in await _nats_greeting(url)


async def _nats_greeting(url: str) -> bytes:
    parts = urlsplit(url)
    return await _first_line(parts.hostname or "", parts.port or NATS_PORT)


async def smtp_answers(url: str) -> bool:
    parts = urlsplit(url)
    tls = _unverified() if parts.scheme == "smtps" else None
    return (await _first_line(parts.hostname or "", smtp_port(url), tls=tls)).startswith(b"220")


def smtp_port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _SMTP_PORTS.get(parts.scheme, _SMTP_PORT)


def _unverified() -> ssl.SSLContext:
    """For a question that says nothing. Whoever sends mail there asks who it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _first_line(host: str, port: int, *, say: bytes = b"", tls: ssl.SSLContext | None = None) -> bytes:
    """The first line that is heard, empty when there is none in time."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            try:
                writer.write(say)
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return b""
