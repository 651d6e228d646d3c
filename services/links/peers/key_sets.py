"""The key set of whoever signs the tokens of API clients, fetched from where the operator says it is."""

from typing import Final

import aiohttp

from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger

SECONDS_MAX: Final = 3.0
BYTES_MAX: Final = 64 * 1024
_OK: Final = 200
_log: Final = logger("key_sets")


async def fetch_key_set(url: str) -> bytes:
    """The document at `url`: at most 3 seconds and 64 KiB, and no redirects.

    Raises:
        Unavailable: there was no whole answer.
    """
    timeout = aiohttp.ClientTimeout(total=SECONDS_MAX)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, headers={"Accept": "application/json"}, allow_redirects=False) as answer,
        ):
            body = b""
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > BYTES_MAX:
                    break
            if answer.status == _OK and len(body) <= BYTES_MAX:
                return body
            _log.warning("key_set.refused", url=url, status=answer.status, size_bytes=len(body))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        _log.warning("key_set.unreachable", url=url, error=repr(error))
    raise Unavailable("key_set")
