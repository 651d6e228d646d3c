"""The list of 50 links, at a thousand, a hundred thousand and a million of them."""

import base64
import statistics
from datetime import datetime
from uuid import UUID

from services.links.domain.keys import SCOPES
from services.links.domain.organization import Organization
from services.links.use_cases.manage_keys import drawn
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from tests.bench.context import Bench
from tests.bench.load import Result, request_bytes, saturate
from tests.bench.report import Bar, Table

FLAT_BAR = 1.3
SIZES = (1_000, 100_000, 1_000_000)
TEMPLATE = "bench-template"
_COPY_ORGANIZATION = """
INSERT INTO organization
SELECT copy.*
FROM organization,
     LATERAL jsonb_populate_record(organization, jsonb_build_object(
         'id', $1::uuid, 'slug', $2::text, 'merchant_id', gen_random_uuid())) AS copy
WHERE organization.slug = 'kampala-coffee'
"""
_INSERT_KEY = """
INSERT INTO api_key (id, org_id, livemode, name, scopes, secret_sha256, created_at)
VALUES ($1, $2, false, 'bench', $3, $4, $5)
"""
_COPY_LINKS = """
WITH made AS (
    INSERT INTO link ({columns})
    SELECT {values}
    FROM generate_series(1, $3::int) AS n, link,
         LATERAL jsonb_populate_record(link, jsonb_build_object(
             'id', uuidv7(make_interval(secs => n - 5000000)), 'org_id', $2::uuid,
             'slug', 'bench-' || $3 || '-' || n, 'title', 'Invoice #' || n)) AS copy
    WHERE link.slug = $1
    RETURNING id
)
INSERT INTO link_uses (link_id, uses_max) SELECT id, 2 FROM made
"""
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'link' AND is_generated = 'NEVER'
ORDER BY ordinal_position
"""
_DEEP = "SELECT id FROM link WHERE org_id = $1 AND NOT livemode ORDER BY id LIMIT 1 OFFSET 200"


class Shop:
    """An organization with so many links."""

    def __init__(self, size: int, bearer: str, deep: UUID) -> None:
        self.size = size
        self.bearer = bearer
        self.deep = deep
        self.runs: dict[str, list[Result]] = {"first page": [], "deep page": []}

    @classmethod
    async def stocked(cls, bench: Bench, size: int) -> "Shop":
        database, org_id, now = bench.databases["links"], new_id(), utc_now()
        await database.execute(_COPY_ORGANIZATION, org_id, f"bench-{size}")
        key, bearer = drawn(_organization(org_id, now), name="bench", scopes=SCOPES, livemode=False, now=now)
        await database.execute(_INSERT_KEY, key.id, org_id, list(key.scopes), key.secret_sha256, now)
        columns = [row["column_name"] for row in await database.fetch(_COLUMNS)]
        copy = _COPY_LINKS.format(columns=", ".join(columns), values=", ".join(f"copy.{name}" for name in columns))
        await database.execute(copy, TEMPLATE, org_id, size, timeout=300)
        return cls(size, bearer, await database.fetchval(_DEEP, org_id))


def _organization(org_id: UUID, now: datetime) -> Organization:
    return Organization(
        id=org_id, name="Bench", slug=None, default_currency="UGX", currencies=("UGX",), created_at=now, updated_at=now
    )


async def make_template(bench: Bench) -> None:
    """The link that the others are copies of, once a run."""
    if not await bench.databases["links"].fetchval("SELECT EXISTS (SELECT FROM link WHERE slug = $1)", TEMPLATE):
        await bench.make_link(slug=TEMPLATE, uses_max=2)


async def measure(bench: Bench) -> list[Table]:
    await make_template(bench)
    shops = []
    for size in SIZES[: 2 if bench.quick else 3]:
        bench.tell(f"lists: loading {size:,} links")
        shops.append(await Shop.stocked(bench, size))
    bench.tell("lists: vacuum")
    await bench.databases["links"].execute("VACUUM (ANALYZE) link", timeout=300)
    await bench.databases["links"].execute("VACUUM (ANALYZE) link_uses", timeout=300)
    for turn in range(4 if bench.quick else 8):
        bench.tell(f"lists: turn {turn + 1}")
        for shop in shops:
            await _turn(bench, shop)
    rows = [_row(shop, page) for shop in shops for page in shop.runs]
    bars = [_flat(shops, page) for page in ("first page", "deep page")]
    columns = ("links", "page", "p50 ms", "p99 ms", "requests/s of one client")
    return [Table(name="lists", title="A list of 50 links, one client", columns=columns, rows=rows, bars=bars)]


async def _turn(bench: Bench, shop: Shop) -> None:
    url = f"{bench.services['links']}/v1/payment-links"
    headers = {"Authorization": f"Bearer {shop.bearer}"}
    for page, target in (("first page", url), ("deep page", f"{url}?cursor={_cursor(shop.deep)}")):
        request = request_bytes("GET", target, headers=headers)
        shop.runs[page].append(await saturate(url, lambda _, r=request: r, seconds=0.5, connections=1))


def _cursor(place: UUID) -> str:
    """As the API gives it out: see services/links/dialects/native/routes/call.py."""
    return base64.urlsafe_b64encode(place.bytes).rstrip(b"=").decode()


def _row(shop: Shop, page: str) -> tuple[str | int | float, ...]:
    runs = shop.runs[page]
    return (
        f"{shop.size:,}",
        page,
        statistics.median(run.p50_ms for run in runs),
        statistics.median(run.p99_ms for run in runs),
        statistics.median(run.per_second for run in runs),
    )


def _flat(shops: list[Shop], page: str) -> Bar:
    """The largest against the smallest, of turns that are neighbours."""
    first, last = shops[0].runs[page], shops[-1].runs[page]
    ratio = statistics.median(large.p50_ms / small.p50_ms for large, small in zip(last, first, strict=True))
    return Bar(
        name=f"{page}: {shops[-1].size:,} links against {shops[0].size:,}", value=ratio, bar=FLAT_BAR, at_most=True
    )
