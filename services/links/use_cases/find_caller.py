"""Who asks another service: it comes with what its caller showed it, and this says whom it belongs to."""

import hmac
from datetime import datetime

from services.links.domain.member import scopes_of
from services.links.store import keys, logins, organizations
from shared.contracts.callers import CallerKnown, CallerUnknown, FindCaller, FindCallerReply
from shared.runtime.postgres import Postgres


async def find_caller(pg: Postgres, ask: FindCaller, *, now: datetime) -> FindCallerReply:
    if ask.login_id is not None:
        return await _by_login(pg, ask, now)
    return await _by_key(pg, ask, now)


async def _by_key(pg: Postgres, ask: FindCaller, now: datetime) -> FindCallerReply:
    key = await keys.find(pg, ask.key_id or "")
    if key is None or not hmac.compare_digest(key.secret_sha256.hex().encode(), ask.secret_sha256.encode()):
        return CallerUnknown()
    if key.livemode is not ask.livemode or not key.works(now):
        return CallerUnknown()
    organization = await organizations.find(pg, key.org_id)
    if organization is None:
        return CallerUnknown()
    await keys.mark_used(pg, {key.id: now})
    return CallerKnown(
        org_id=key.org_id, livemode=key.livemode, by=key.by, scopes=key.scopes, organization_name=organization.name
    )


async def _by_login(pg: Postgres, ask: FindCaller, now: datetime) -> FindCallerReply:
    assert ask.login_id is not None
    found = await logins.find_session(pg, ask.login_id)
    if found is None:
        return CallerUnknown()
    login, member = found
    organization = await organizations.find(pg, login.org_id)
    if organization is None or login.livemode is not ask.livemode or not login.works(now):
        return CallerUnknown()
    return CallerKnown(
        org_id=login.org_id,
        livemode=login.livemode,
        by=member.by,
        scopes=scopes_of(member.role),
        organization_name=organization.name,
    )
