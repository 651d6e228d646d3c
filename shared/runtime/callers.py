"""Who asks, for services other than links: an API key or a sign-in is looked up over the bus and kept for a moment."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from shared.contracts.callers import CallerKnown, FindCaller, FindCallerReply
from shared.contracts.subjects import CALLER_FIND
from shared.kernel.faults import Forbidden, Unauthorized, Unavailable
from shared.runtime.broker import Broker
from shared.runtime.csrf import CsrfGuard, session_cookie
from shared.runtime.limits import Limiter
from shared.runtime.member_tokens import TokenReader

KNOWN_SECONDS: Final = 2.0
"""For so long a key that was revoked in links still works here."""
KNOWN_WITHOUT_LINKS_SECONDS: Final = 60.0
"""And for so long while links does not answer: it being away must not close our own doors at once."""
KNOWN_MAX: Final = 10_000
_BEARER: Final = "bearer "
_KEY: Final = re.compile(r"plk_(live|test)_([A-Za-z0-9]{1,32})_([\x21-\x7e]{1,90})")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    org_id: UUID
    livemode: bool
    by: str
    scopes: tuple[str, ...]
    organization_name: str

    @property
    def scope(self) -> str:
        """The room in which this caller's Idempotency-Keys are unique."""
        return f"{self.org_id}:{'live' if self.livemode else 'test'}"


class _Known(msgspec.Struct):
    caller: Caller
    at: float


class Callers:
    """`limiter` is spent by key or sign-in. A token in a query or a body is no credential: only headers are read.

    With a `guard` the cookie of a sign-in is one, too: it says what may come with it.
    """

    def __init__(
        self,
        broker: Broker,
        tokens: TokenReader,
        limiter: Limiter,
        *,
        guard: CsrfGuard | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._tokens = tokens
        self._limiter = limiter
        self._guard = guard
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}

    async def caller(self, headers: Mapping[str, str], scope: str, *, now: datetime, method: str = "POST") -> Caller:
        """Who sends these headers (names in lower case), and may do what `scope` names.

        Raises:
            Unauthorized: no credentials, or none that work.
            OtherSite: a cookie without what shows that a page of ours sent it.
            Forbidden: they lack the scope.
            RateLimited: they have asked too often.
            Unavailable: links does not answer, and did not tell of this caller a moment ago.
        """
        ask = self._ask(headers, method, now)
        name = str(ask.login_id) if ask.login_id else f"{ask.key_id}:{ask.secret_sha256}:{ask.livemode}"
        caller = await self._find(name, ask)
        self._limiter.spend(ask.key_id or str(ask.login_id))
        if scope not in caller.scopes:
            raise Forbidden(scope)
        return caller

    def _ask(self, headers: Mapping[str, str], method: str, now: datetime) -> FindCaller:
        token = _token_of(headers)
        if token is None and self._guard is not None and (token := session_cookie(headers)):
            ask = self._asked(token, now)
            if ask.login_id is None:  # a key is no cookie
                raise Unauthorized
            self._guard.check(method, headers, login_id=ask.login_id)
            return ask
        if not token:
            raise Unauthorized
        return self._asked(token, now)

    def _asked(self, token: str, now: datetime) -> FindCaller:
        if key := _KEY.fullmatch(token):
            digest = hashlib.sha256(key[3].encode()).hexdigest()
            return FindCaller(key_id=key[2], secret_sha256=digest, livemode=key[1] == "live")
        claims = self._tokens.read(token)
        if claims is None or claims.expired(now):
            raise Unauthorized
        return FindCaller(login_id=claims.sid, livemode=claims.livemode)

    async def _find(self, name: str, ask: FindCaller) -> Caller:
        known, now = self._known.get(name), self._monotonic()
        if known is not None and now - known.at < KNOWN_SECONDS:
            return known.caller
        try:
            reply = await self._broker.request(CALLER_FIND, ask, cast("Any", FindCallerReply))
        except Unavailable:
            if known is not None and now - known.at < KNOWN_WITHOUT_LINKS_SECONDS:
                return known.caller
            raise
        if not isinstance(reply, CallerKnown):
            self._known.pop(name, None)
            raise Unauthorized
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        caller = Caller(**msgspec.structs.asdict(reply))
        self._known[name] = _Known(caller, now)
        return caller


def _token_of(headers: Mapping[str, str]) -> str | None:
    """None where no header is meant to be one; empty where it is none."""
    authorization = headers.get("authorization")
    if authorization is None:
        return headers.get("x-api-key")
    return authorization[len(_BEARER) :].strip() if authorization[: len(_BEARER)].lower() == _BEARER else ""
