"""API keys are made, rotated and revoked. The bearer is shown in the answer that makes it, and never again."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from services.links.domain import keys as rules
from services.links.domain.faults import KeyEnded
from services.links.domain.keys import Actor, ApiKey, KeyDraft, Scope
from services.links.domain.texts import check_name
from services.links.store import keys
from shared.kernel.answer import Answer, Once, Seal
from shared.kernel.faults import Forbidden, Invalid, NotFound
from shared.runtime.once import once
from shared.runtime.postgres import Postgres, Transaction

NAME_CHARS_MAX: Final = 100
_ID_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_CHARS: Final = 12
_SECRET_BYTES: Final = 32
_LIFE_MAX: Final = timedelta(days=366 * 10)

Render = Callable[[ApiKey, str], Answer]


def drawn(
    actor_org: rules.Organization, *, name: str, scopes: Sequence[Scope], livemode: bool, now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its bearer; nothing is written."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = ApiKey(
        id="".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_CHARS)),
        org_id=actor_org.id,
        livemode=livemode,
        name=name,
        scopes=tuple(scopes),
        secret_sha256=rules.digest(secret),
        created_at=now,
    )
    return key, rules.bearer(key, secret)


async def create_key(
    pg: Postgres, actor: Actor, *, draft: KeyDraft, key: Once | None, seal: Seal, render: Render, now: datetime
) -> Answer:
    """A key for the same organization, with no more rights than the one that asks.

    Raises:
        Invalid, IdempotencyMismatch.
        Forbidden: a scope that the asking key does not have itself, or live mode asked for with a test key.
    """

    async def act(tx: Transaction) -> Answer:
        livemode = _checked_mode(actor, draft, now)
        made, bearer = drawn(actor.organization, name=draft.name, scopes=draft.scopes, livemode=livemode, now=now)
        made = replace(made, expires_at=draft.expires_at)
        await keys.insert(tx, made)
        return render(made, bearer)

    return await once(pg, key, act, now=now, seal=seal)


async def rotate_key(
    pg: Postgres,
    actor: Actor,
    key_id: str,
    *,
    overlap_seconds: int,
    key: Once | None,
    seal: Seal,
    render: Render,
    now: datetime,
) -> Answer:
    """A successor with the same name and rights; the old key works for `overlap_seconds` more.

    Raises:
        NotFound, Forbidden, IdempotencyMismatch.
        KeyEnded: it was revoked, has expired, or was rotated before.
    """

    async def act(tx: Transaction) -> Answer:
        old = await keys.lock(tx, key_id, org_id=actor.org_id, livemode=actor.livemode)
        if old is None:
            raise NotFound("api_key")
        if not old.works(now) or old.rotated_to is not None:
            raise KeyEnded(key_id=key_id)
        if beyond := next((scope for scope in old.scopes if scope not in actor.scopes), None):
            raise Forbidden(beyond)
        made, bearer = drawn(actor.organization, name=old.name, scopes=old.scopes, livemode=old.livemode, now=now)
        made = replace(made, expires_at=old.expires_at)
        await keys.insert(tx, made)
        end = rules.overlap_end(old, now, overlap_seconds)
        await keys.succeed(tx, old.id, successor_id=made.id, expires_at=end)
        return render(made, bearer)

    return await once(pg, key, act, now=now, seal=seal)


async def revoke_key(pg: Postgres, actor: Actor, key_id: str, *, now: datetime) -> ApiKey:
    """The key, which no longer works. One that was revoked before stays as it was.

    Raises:
        NotFound: there is none in this mode.
    """
    async with pg.transaction() as tx:
        key = await keys.lock(tx, key_id, org_id=actor.org_id, livemode=actor.livemode)
        if key is None:
            raise NotFound("api_key")
        if key.revoked_at is not None:
            return key
        await keys.revoke(tx, key_id, now)
        return replace(key, revoked_at=now)


async def get_key(pg: Postgres, actor: Actor, key_id: str) -> ApiKey:
    """Raises: NotFound: there is none in this mode."""
    key = await keys.find_of(pg, key_id, org_id=actor.org_id, livemode=actor.livemode)
    if key is None:
        raise NotFound("api_key")
    return key


async def list_keys(pg: Postgres, actor: Actor, *, before: str | None, limit: int) -> Sequence[ApiKey]:
    """Newest first."""
    return await keys.page(pg, org_id=actor.org_id, livemode=actor.livemode, before=before, limit=limit)


def _checked_mode(actor: Actor, draft: KeyDraft, now: datetime) -> bool:
    """The mode of the new key, once everything else about it is in order."""
    check_name("name", draft.name, chars_max=NAME_CHARS_MAX)
    if not draft.scopes or len(set(draft.scopes)) != len(draft.scopes):
        raise Invalid("scopes", "must name at least one scope, and none twice")
    if draft.expires_at is not None and not now < draft.expires_at <= now + _LIFE_MAX:
        raise Invalid("expires_at", "must be in the future and within 10 years")
    if beyond := next((scope for scope in draft.scopes if scope not in actor.scopes), None):
        raise Forbidden(beyond)
    livemode = actor.livemode if draft.livemode is None else draft.livemode
    if livemode and not actor.livemode:
        raise Forbidden("livemode")
    return livemode
