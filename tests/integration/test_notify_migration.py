"""What notify knew of an organization for its webhooks is what its mails know of it afterwards."""

import shutil
from pathlib import Path

import asyncpg
import msgspec

from services.notify import app
from shared.contracts.links import MerchantView
from shared.kernel.ids import new_id
from shared.runtime.migrate import migrate
from tests.conftest import Database

CONTACT = """
INSERT INTO webhook_contact (org_id, revision, name, support_email, locale, timezone)
VALUES ($1, 4, 'Kampala Coffee', 'help@kampala.example', 'fr', 'Africa/Kampala')
"""
MERCHANT = "INSERT INTO merchant (org_id, revision, view, reminders) VALUES ($1, 5, '{\"name\": \"Newer\"}', '{}')"


async def test_an_organization_that_only_webhooks_knew_is_carried_over(database: Database, tmp_path: Path) -> None:
    for path in sorted(app.MIGRATIONS.glob("*.sql")):
        if path.name < "0009":
            shutil.copy(path, tmp_path)
    dsn = await database("notify", tmp_path)
    only_webhooks, both = new_id(), new_id()
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(CONTACT, only_webhooks)
        await connection.execute(CONTACT, both)
        await connection.execute(MERCHANT, both)
        await migrate(dsn, app.MIGRATIONS)
        rows = {row["org_id"]: row for row in await connection.fetch("SELECT * FROM merchant")}
    finally:
        await connection.close()
    carried = msgspec.json.decode(rows[only_webhooks]["view"], type=MerchantView)
    assert carried == MerchantView(
        "Kampala Coffee", support_email="help@kampala.example", locale="fr", timezone="Africa/Kampala"
    )
    assert rows[only_webhooks]["revision"] < 0, "the next fact brings what is missing"
    assert (rows[both]["revision"], rows[both]["view"]) == (5, '{"name": "Newer"}')
