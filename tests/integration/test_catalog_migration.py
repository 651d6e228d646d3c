"""What stood in the database before the catalog grew is there afterwards, with defaults."""

import shutil
from pathlib import Path

import asyncpg

from services.links import app
from shared.runtime.migrate import migrate
from tests.conftest import Database

BEFORE = """
INSERT INTO organization (id, name, default_currency, currencies, locale, timezone, late_payment_policy, revision,
                          created_at, updated_at)
SELECT gen_random_uuid(), 'Old ' || n, 'UGX', '{UGX}', 'en', 'UTC', 'accept', 1, now(), now()
FROM generate_series(1, 3) AS n;
INSERT INTO plan (id, org_id, livemode, name, price_minor, currency, interval, created_at)
SELECT gen_random_uuid(), id, false, 'Plan', 5, 'UGX', 'month', '2026-01-01' FROM organization;
INSERT INTO product (id, org_id, livemode, digital_id, name, price_minor, currency, metadata, active, revision,
                     created_at, updated_at)
SELECT gen_random_uuid(), id, false, 'prod_' || id, 'Product', 5, 'UGX', '{}', true, 1, now(), now() FROM organization;
INSERT INTO api_key (id, org_id, livemode, name, scopes, secret_sha256, created_at)
SELECT kind, (SELECT min(id::text)::uuid FROM organization), false, kind, scopes::text[], '', now()
FROM (VALUES
    ('all', '{links:read,links:write,products:read,products:write,organization:read,organization:write,keys:write,'
            || 'charges:read}'),
    ('reader', '{links:read,products:read}'),
    ('links', '{links:write}')
) AS keys (kind, scopes);
"""


async def test_old_rows_get_defaults_and_old_keys_keep_what_they_could_do(database: Database, tmp_path: Path) -> None:
    for path in sorted(app.MIGRATIONS.glob("000[12]_*.sql")):
        shutil.copy(path, tmp_path)
    dsn = await database("links", tmp_path)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(BEFORE)
        assert any("0003" in version for version in await migrate(dsn, app.MIGRATIONS))
        organizations = await connection.fetch("SELECT * FROM organization")
        assert len({row["merchant_id"] for row in organizations}) == 3
        assert {(row["tax_mode"], row["payment_bounds"], row["link_lifetime_seconds"]) for row in organizations} == {
            ("exclusive", "{}", 604_800)
        }
        plans = await connection.fetch("SELECT * FROM plan")
        assert all((row["updated_at"], row["interval_count"]) == (row["created_at"], 1) for row in plans)
        assert {row["more_prices"] for row in await connection.fetch("SELECT * FROM product")} == {"[]"}
        scopes = {row["id"]: set(row["scopes"]) for row in await connection.fetch("SELECT * FROM api_key")}
    finally:
        await connection.close()
    assert {"plans:write", "coupons:read", "taxes:write"} <= scopes["all"]
    assert scopes["reader"] == {"links:read", "products:read", "plans:read"}
    assert scopes["links"] == {"links:write"}
