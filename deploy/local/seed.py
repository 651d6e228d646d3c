"""`python -m deploy.local.seed`: give the links database its demo organization, and print it as JSON for local.json.

A process of its own, so that the supervisor stays small and has no threads.
"""

import asyncio
import os
import sys
from typing import Any

import msgspec

from deploy.local.local_file import Demo
from services.links.domain.product import Plan, Product
from services.links.use_cases.seed_demo import seed_demo
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres


async def seeded(dsn: str) -> Demo:
    pg = await Postgres.connect(dsn, name="seed", size_max=1)
    try:
        made = await seed_demo(pg, now=utc_now())
    finally:
        await pg.close()
    return Demo(
        organization_id=str(made.organization_id),
        products=[_priced(product) | {"digital_id": product.digital_id} for product in made.products],
        plans=[_priced(plan) | {"interval": plan.interval} for plan in made.plans],
        credentials={"native": {"Authorization": f"Bearer {made.bearer}"}},
    )


def _priced(sold: Product | Plan) -> dict[str, Any]:
    return {
        "id": str(sold.id),
        "name": sold.name,
        "amount_minor": sold.price.minor,
        "currency": sold.price.currency,
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(seeded(os.environ["PAYLINKS_POSTGRES_DSN"]))))
