"""notify as it runs: facts in over NATS, mails out over SMTP, facts out again; and kill -9 in between."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import httpx
import msgspec
import nats

from shared.contracts import subjects
from shared.contracts.notify import ListMails, MailView
from tests.conftest import Database
from tests.support.bus import running, until
from tests.support.mails import mail_server, paid, tell
from tests.support.notify import notify_service
from tests.support.processes import Server
from tests.support.servers import start_nats


async def ledger(dsn: str) -> Counter[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT state, count(*) AS n FROM mail GROUP BY state")
    finally:
        await connection.close(timeout=5)
    return Counter({row["state"]: row["n"] for row in rows})


async def test_a_fact_becomes_a_mail_and_the_mail_becomes_a_fact(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    dsn = await database("notify")
    async with mail_server(tmp_path / "maildir") as server:
        service = notify_service(dsn=dsn, nats_url=nats_url, smtp_url=server.url, folder=tmp_path)
        async with running(service), httpx.AsyncClient(base_url=service.url) as http:
            charge, silent = paid(), paid(None)
            await tell(nats_url, charge, silent, charge)

            async def sent() -> bool:
                return len(server.mails) == 1

            await until(sent, seconds=10, what="the receipt arrives")
            client = await nats.connect(nats_url)
            facts = await client.jetstream().pull_subscribe("notify.evt.>", stream="NOTIFY")
            # One by one: a fetch of two is content with one when the other is not there yet.
            messages = [message for _ in range(2) for message in await facts.fetch(1, timeout=10)]
            told = {message.headers["ce-type"]: message for message in messages}
            assert set(told) == {"notify.mail.sent", "notify.mail.skipped"}
            assert msgspec.json.decode(told["notify.mail.sent"].data)["charge_id"] == str(charge.charge_id)
            answer = await client.request(
                subjects.MAIL_LIST, msgspec.json.encode(ListMails(charge_id=charge.charge_id)), timeout=5
            )
            (mail,) = msgspec.json.decode(answer.data, type=list[MailView])
            await client.close()
            assert (mail.state, mail.message_id) == ("sent", server.mails[0].message_id)
            assert (await http.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
            assert (await http.get("/openapi.json")).json()["info"]["title"] == "Paylinks notify"
            assert 'paylinks_mails_total{state="sent"} 1.0' in (await http.get("/metrics")).text
        assert "buyer@example.com" not in service.log.read_text()


PLACES = {
    "consumer.receipts.before-commit:1": 1,
    "consumer.receipts.before-ack:1": 1,
    "mails.claimed:1": 1,
    # The mail server had it and the ledger did not: SMTP cannot give exactly once here.
    "mails.delivered:5": 2,
}


async def test_kill_9_at_any_place_loses_no_receipt_and_makes_no_second_message_id(
    database: Database, tmp_path: Path
) -> None:
    """Side by side, since each waits for the lease of the dead: 15 s of a mail, or of a fact that was not acked."""
    cases = [
        killed_and_recovered(place, await database("notify"), tmp_path / str(n), copies_max=copies_max)
        for n, (place, copies_max) in enumerate(PLACES.items())
    ]
    await asyncio.gather(*cases)


async def killed_and_recovered(place: str, dsn: str, folder: Path, *, copies_max: int) -> None:
    charges = [paid(f"buyer{n}@example.com") for n in range(20)]
    bus = await start_nats(folder)

    def service(crash: str = "") -> Server:
        return notify_service(dsn=dsn, nats_url=bus.url, smtp_url=server.url, folder=folder, crash=crash)

    async with AsyncExitStack() as stack:
        stack.push_async_callback(bus.stop)
        server = await stack.enter_async_context(mail_server(folder / "maildir"))
        doomed = service(place)
        stack.push_async_callback(doomed.stop)
        await doomed.start()
        await tell(bus.url, *charges)
        assert await asyncio.wait_for(doomed.exited(), 20) == -9
        async with running(service()):

            async def all_sent() -> bool:
                return (await ledger(dsn))["sent"] == len(charges)

            await until(all_sent, seconds=60, what=f"every receipt is sent after {place}")
        by_buyer = {mail.to: mail.message_id for mail in server.mails}
        assert len(by_buyer) == len(set(by_buyer.values())) == len(charges), place
        assert set(server.deliveries()) == set(by_buyer.values()), place
        assert max(server.deliveries().values()) <= copies_max, place


async def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path) -> None:
    service = notify_service(dsn="postgresql://x", nats_url="nats://x", smtp_url="http://x", folder=tmp_path)
    await service.spawn()
    assert await service.exited() == 1
    assert service.log.read_text().strip() == (
        "paylinks notify: Settings: PAYLINKS_SMTP_URL must look like smtp://host:port, "
        "smtp+starttls://host:port or smtps://host:port."
    )
