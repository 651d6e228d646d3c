"""`python -m deploy.local.seed`: give the links database its demo organization, and print it as JSON for local.json.

A process of its own, so that the supervisor stays small and has no threads.
"""

import asyncio
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
import nats

from deploy.local.local_file import Demo
from services.links.domain.plan import Plan
from services.links.domain.product import Product
from services.links.settings import Settings
from services.links.use_cases.seed_demo import seed_demo
from services.links.use_cases.seed_owner import seed_owner
from services.links.use_cases.session_tokens import SESSION_COOKIE, SessionTokens
from shared.kernel.moment import utc_now
from shared.runtime.movable_clock import read_offset
from shared.runtime.postgres import Postgres
from shared.runtime.secrets import derive

PASSWORD_CHARS = 12
CONNECT_SECONDS_MAX = 5
CLIENT_LASTS = timedelta(days=30)


async def seeded(settings: Settings) -> Demo:
    root_secret = settings.root_secret()
    # The same for as long as the data folder: a browser that has kept it can go on.
    password = derive(root_secret, "demo-owner").hex()[:PASSWORD_CHARS]
    pg = await Postgres.connect(settings.postgres_dsn, name="seed", size_max=1)
    try:
        now = await present(settings.nats_url)
        made = await seed_demo(pg, now=now)
        owner = await seed_owner(
            pg, SessionTokens(root_secret), org_id=made.organization_id, password=password, now=now
        )
    finally:
        await pg.close()
    return Demo(
        organization_id=str(made.organization_id),
        products=[_priced(product) | {"digital_id": product.digital_id} for product in made.products],
        plans=[_priced(plan) | {"interval": plan.interval} for plan in made.plans],
        credentials={
            "native": {"Authorization": f"Bearer {made.bearer}"},
            "collections": {"X-DGS-API-Key": made.bearer},
            "core": {"X-API-Key": made.bearer},
            "digital": {"Cookie": f"{SESSION_COOKIE}={owner.cookie}"},
            "catalog": {"Authorization": f"Token {owner.token}"},
            "gated": {"Authorization": f"Bearer {client_token(settings, made.organization_id, now=now)}"},
        },
        dashboard={
            "url": f"{settings.public_url.rstrip('/')}/dashboard",
            "email": owner.email,
            "password": owner.password,
        },
    )


async def present(nats_url: str) -> datetime:
    """What time it is for the services: `paylinks clock` may have moved it in an earlier run."""
    client = await nats.connect(nats_url, connect_timeout=CONNECT_SECONDS_MAX)
    try:
        return utc_now() + timedelta(seconds=await read_offset(client.jetstream()))
    finally:
        await client.close()


def client_token(settings: Settings, org_id: UUID, *, now: datetime) -> str:
    """A token as a merchant's own issuer makes it, for an org-admin of the demo organization."""
    claims = {
        "iss": settings.gated_jwt_issuer,
        "aud": settings.gated_jwt_audience,
        "sub": "demo",
        "role": "org-admin",
        "org_id": str(org_id),
        "iat": int(now.timestamp()),
        "exp": int((now + CLIENT_LASTS).timestamp()),
    }
    return jwt.encode(claims, settings.gated_jwt_secret, algorithm="HS256")


def _priced(sold: Product | Plan) -> dict[str, Any]:
    return {
        "id": str(sold.id),
        "name": sold.name,
        "amount_minor": sold.price.minor,
        "currency": sold.price.currency,
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(seeded(Settings.from_environment()))))
