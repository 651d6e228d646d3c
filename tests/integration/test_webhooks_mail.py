"""The merchant is written to when an endpoint is switched off."""

import msgspec
import pytest

from services.notify.domain.webhook_disabled import WebhookDisabled
from services.notify.mailers.webhook_disabled import word_webhook_disabled
from shared.contracts.links import MerchantView, OrganizationUpdated, RemindersView
from tests.support.webhooks import Webhooks, answering, charge, receiver


@pytest.mark.parametrize(("email", "mails"), [("help@kampala.example", 1), (None, 0), ("nobody", 0)])
async def test_the_merchant_is_written_to_once_where_there_is_an_address(
    hooks: Webhooks, email: str | None, mails: int
) -> None:
    async with receiver(answering(410)) as shop:
        endpoint, _ = await hooks.endpoint(shop.url + "?token=tok_9f3a")
        merchant = MerchantView("Kampala Coffee", support_email=email, locale="fr", timezone="Africa/Kampala")
        changed = OrganizationUpdated(
            org_id=hooks.owner.org_id,
            name="Kampala Coffee",
            merchant=merchant,
            revision=2,
            reminders=RemindersView(),
        )
        await hooks.take(hooks.fact(changed))
        await hooks.take(*(hooks.fact(charge(hooks)) for _ in range(4)))
        await hooks.send()
        await hooks.send()
        rows = await hooks.postgres.fetch("SELECT * FROM mail WHERE org_id = $1", hooks.owner.org_id)
        assert len(rows) == mails
        for row in rows:
            assert (row["kind"], row["to_address"], row["locale"], row["state"]) == (
                "webhook_disabled",
                email,
                "fr",
                "due",
            )
            about = msgspec.json.decode(row["context"], type=WebhookDisabled)
            assert (about.endpoint_id, about.url, about.reason) == (endpoint, shop.url, "gone")
            wording = word_webhook_disabled(about, row["locale"])
            assert wording.subject == "[Test] Kampala Coffee : plus aucun événement n’est envoyé à 127.0.0.1"
            assert "tok_9f3a" not in wording.text + wording.html
