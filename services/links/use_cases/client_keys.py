"""The public keys that the tokens of API clients are checked with: a JWK set (RFC 7517), kept and looked at again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger

KEYS_MAX: Final = 50
FRESH_SECONDS: Final = 300
"""A set this young is believed as it is."""
WAITS_AFTER_SECONDS: Final = 900
"""Up to this age it is fetched again beside the request, from then on before it."""
STALE_SECONDS_MAX: Final = 86_400
"""So long the last set still counts while the address does not answer."""
AGAIN_SECONDS: Final = 10
"""Whoever invents names of keys makes us ask no more often than this."""
RSA_BITS_MIN: Final = 2048
ALGORITHMS_OF: Final[Mapping[tuple[str, str | None], tuple[str, ...]]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""By kind of key and curve. Shared secrets (`oct`) have no place in a set that anybody may read."""
_log: Final = logger("client_keys")


class ClientKey(msgspec.Struct, frozen=True):
    key: Any
    algorithms: tuple[str, ...]


class NoKeySet(Exception):  # noqa: N818 - says what was found
    """That is no JWK set with a key that can be used."""


class ClientKeys:
    """`fetch` None: the keys never change. One fetch at a time, however many ask."""

    def __init__(
        self,
        keys: Mapping[str, ClientKey],
        fetch: Callable[[], Awaitable[bytes]] | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = dict(keys)
        self._fetch = fetch
        self._monotonic = monotonic
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> ClientKey | None:
        """The key of this name; None: there is none.

        Raises:
            Unavailable: the set could not be read for too long.
        """
        if self._fetch is None:
            return self._keys.get(kid)
        age = self._age()
        if kid in self._keys and age <= FRESH_SECONDS:
            return self._keys[kid]
        task = self._refresh()
        if kid in self._keys and age <= WAITS_AFTER_SECONDS:
            return self._keys[kid]
        if task is not None:
            # Shielded: one caller who hangs up must not end it for the others.
            await asyncio.shield(task)
        if self._age() > STALE_SECONDS_MAX:
            raise Unavailable("key_set")
        return self._keys.get(kid)

    async def close(self) -> None:
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._monotonic() - self._fetched_at

    def _refresh(self) -> "asyncio.Task[None] | None":
        """The fetch that is under way, or a new one; None: the last one was a moment ago."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._monotonic()
        if self._tried_at is not None and now - self._tried_at < AGAIN_SECONDS:
            return None
        self._tried_at = now
        self._fetching = asyncio.create_task(self._fetch_once())
        return self._fetching

    async def _fetch_once(self) -> None:
        assert self._fetch is not None
        try:
            self._keys = keys_of(await self._fetch())
            self._fetched_at = self._monotonic()
        except Unavailable:
            return
        except NoKeySet as error:
            _log.warning("key_set.unusable", reason=str(error))


def keys_of(raw: bytes) -> dict[str, ClientKey]:
    """The keys by their `kid`. Those that are not for signatures, or of a kind we do not take, are left out.

    Raises:
        NoKeySet.
    """
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoKeySet(str(error)) from None
    listed = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise NoKeySet("there is no list `keys`")
    entries = cast("list[Any]", listed)[:KEYS_MAX]
    found = {
        cast("str", entry["kid"]): key
        for entry in entries
        if isinstance(entry, dict) and (key := _key_of(cast("dict[str, Any]", entry))) is not None
    }
    if not found:
        raise NoKeySet("no key in it can be used")
    return found


def _key_of(entry: dict[str, Any]) -> ClientKey | None:
    kid, kind, curve = entry.get("kid"), entry.get("kty"), entry.get("crv")
    if not isinstance(kid, str) or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    fitting = ALGORITHMS_OF.get((str(kind), str(curve) if curve is not None else None))
    if fitting is None:
        return None
    named = entry.get("alg")
    if named is not None and named not in fitting:
        return None
    algorithms = (str(named),) if named is not None else fitting
    try:
        key = jwt.PyJWK(entry, algorithm=algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS_MIN:
        return None
    return ClientKey(key, algorithms)
