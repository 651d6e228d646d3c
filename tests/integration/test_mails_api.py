"""`/v1/mails` and `/v1/suppressions` over HTTP, on real PostgreSQL and a real mail server; who asks is made up."""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from services.notify.app import parts
from services.notify.domain.pacing import DomainPace
from services.notify.domain.resend import RESENDS_MAX
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases.intend_receipts import intend_receipts
from services.notify.use_cases.send_mails import SendMails
from services.notify.web import mails
from services.notify.web.desk import Desk
from services.notify.web.mail_operations import MAIL_OPERATIONS
from shared.contracts.envelope import Event
from shared.kernel.faults import Forbidden, Unauthorized
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.runtime.callers import Caller, Callers
from shared.runtime.postgres import Postgres
from shared.runtime.service import litestar
from tests.support.mails import failed, paid, received, writer
from tests.support.misbehaving_smtp import MisbehavingServer, misbehaving_server
from tests.support.servers import Databases


class Known:
    """Keys are `<organization>:<live|test>:<scopes>`."""

    async def caller(self, headers: Mapping[str, str], scope: str, **_: Any) -> Caller:
        key = headers.get("x-api-key")
        if key is None:
            raise Unauthorized
        org, mode, scopes = key.split(":", 2)
        if scope not in scopes.split(","):
            raise Forbidden(scope)
        return Caller(org_id=UUID(org), livemode=mode == "live", by="key:x", scopes=(scope,), organization_name="Shop")


@dataclass
class Api:
    postgres: Postgres
    server: MisbehavingServer
    mailer: SmtpMailer
    client: httpx.AsyncClient
    rung: list[int]
    org: UUID = field(default_factory=new_id)
    mode: str = "live"
    scopes: str = "mails:read,mails:write"

    async def ask(self, method: str, path: str, *, status: int = 200, **headers: str) -> Any:
        key = {"x-api-key": f"{self.org}:{self.mode}:{self.scopes}"}
        answer = await self.client.request(method, path, headers=key | headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def sent(self, *events: Event) -> None:
        """Of charges, and out they go."""
        async with self.postgres.transaction() as tx:
            facts = [received(event) for event in events]
            await intend_receipts(tx, facts, message_host="pay.example", now=utc_now())
        await self.send()

    async def send(self) -> None:
        sender = SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres),
            pace=DomainPace(10_000),
            clock=utc_now,
            committed=lambda: None,
        )
        await sender.once()

    async def ids(self, query: str = "") -> list[str]:
        return [mail["id"] for mail in (await self.ask("GET", f"/v1/mails?{query}"))["data"]]


@pytest.fixture(scope="module")
async def dsn(databases: Databases) -> AsyncGenerator[str]:
    made = await databases.clone("notify")
    yield made
    await databases.drop(made)


@pytest.fixture
async def api(dsn: str) -> AsyncGenerator[Api]:
    """The tests share a database: each has an organization of its own."""
    postgres = await Postgres.connect(dsn, name="tests", size_max=4)
    rung: list[int] = []
    desk = Desk(
        pg=postgres,
        callers=cast("Callers", Known()),
        box=cast("Any", None),
        seal=cast("Any", None),
        rules=cast("Any", None),
        clock=utc_now,
        due=lambda: None,
        mail_due=lambda: rung.append(1),
        message_host="pay.example",
    )
    app = litestar(parts(merchant=mails.routes(desk)))
    async with (
        misbehaving_server(manners=["good"]) as server,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://pay.example") as client,
    ):
        mailer = SmtpMailer(SmtpServer(host="127.0.0.1", port=server.port), local_hostname="pay.example")
        yield Api(postgres, server, mailer, client, rung)
        await mailer.close()
    await postgres.close()


async def test_a_merchant_reads_what_became_of_its_mails_and_of_nobody_elses(api: Api) -> None:
    mine, silent, test = paid(org_id=api.org), paid(None, org_id=api.org), paid(org_id=api.org, livemode=False)
    await api.sent(mine, silent, test, paid())
    first, second = (await api.ask("GET", "/v1/mails"))["data"]
    assert {first["charge_id"], second["charge_id"]} == {str(mine.charge_id), str(silent.charge_id)}
    (mail,) = (await api.ask("GET", f"/v1/mails?charge_id={mine.charge_id}"))["data"]
    assert set(mail) == set(MAIL_OPERATIONS[1].answer_example)
    assert (mail["state"], mail["kind"], mail["address"], mail["livemode"]) == (
        "sent",
        "receipt",
        "buyer@example.com",
        True,
    )
    assert mail == await api.ask("GET", f"/v1/mails/{mail['id']}")
    (skipped,) = (await api.ask("GET", "/v1/mails?state=skipped"))["data"]
    assert (skipped["skip_reason"], skipped["address"]) == ("no_address", None)
    api.mode = "test"
    assert await api.ids(f"charge_id={test.charge_id}") == await api.ids()
    await api.ask("GET", f"/v1/mails/{mail['id']}", status=404)
    api.org, api.mode = new_id(), "live"
    assert await api.ids() == []
    assert (await api.ask("GET", f"/v1/mails/{mail['id']}", status=404))["code"] == "not_found"
    await api.ask("POST", f"/v1/mails/{mail['id']}/resend", status=404)


async def test_mails_page_and_are_found_by_what_they_are(api: Api) -> None:
    link = new_id()
    charges = [paid(f"buyer{n}@example.com", org_id=api.org, link_id=link) for n in range(5)]
    await api.sent(*charges, failed("lost@example.com", org_id=api.org))
    first = await api.ask("GET", "/v1/mails?limit=4")
    rest = await api.ask("GET", f"/v1/mails?limit=4&cursor={first['next_cursor']}")
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert [mail["id"] for mail in first["data"] + rest["data"]] == await api.ids("limit=100")
    assert len(await api.ids(f"link_id={link}")) == 5
    assert len(await api.ids("address=BUYER3@example.com")) == 1
    assert len(await api.ids("kind=payment_failed&state=sent")) == 1
    assert await api.ids("kind=reminder") == []


@pytest.mark.parametrize(
    "query",
    [
        "kind=spam",
        "state=lost",
        "link_id=x",
        "charge_id=",
        "limit=0",
        "cursor=x",
        "to=x",
        "address=%00",
        "address=a&address=b",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    assert (await api.ask("GET", f"/v1/mails?{query}", status=400))["code"] == "invalid"


async def test_a_key_needs_the_scopes_of_mails(api: Api) -> None:
    api.scopes = "mails:read"
    for path in ("/v1/mails", "/v1/suppressions"):
        await api.ask("GET", path)
    await api.ask("POST", f"/v1/mails/{new_id()}/resend", status=403)
    await api.ask("DELETE", f"/v1/suppressions/{new_id()}", status=403)
    api.scopes = "mails:write"
    await api.ask("GET", "/v1/mails", status=403)
    assert (await api.client.get("/v1/mails")).status_code == 401


async def test_a_receipt_is_sent_again_as_a_mail_of_its_own_once_for_one_idempotency_key(api: Api) -> None:
    await api.sent(paid(org_id=api.org))
    (original,) = await api.ids()
    key = {"idempotency-key": "again"}
    again = await api.ask("POST", f"/v1/mails/{original}/resend", status=202, **key)
    assert again == await api.ask("POST", f"/v1/mails/{original}/resend", status=202, **key)
    assert (again["state"], again["resend_of"], again["attempts"]) == ("due", original, 0)
    assert api.rung
    await api.send()
    assert (await api.ask("GET", f"/v1/mails/{again['id']}"))["state"] == "sent"
    assert len(api.server.ids_of()["buyer@example.com"]) == len(api.server.kept) == 2
    more = await api.ask("POST", f"/v1/mails/{again['id']}/resend", status=202)
    assert more["resend_of"] == original
    refused = await api.ask("POST", f"/v1/mails/{more['id']}/resend", status=409)
    assert (refused["code"], refused["why"]) == ("mail_not_resendable", "under_way")


async def test_a_mail_is_not_sent_again_without_end(api: Api) -> None:
    await api.sent(paid(org_id=api.org))
    (original,) = await api.ids()
    for _ in range(RESENDS_MAX):
        await api.ask("POST", f"/v1/mails/{original}/resend", status=202)
    refused = await api.ask("POST", f"/v1/mails/{original}/resend", status=409)
    assert (refused["code"], refused["resends_max"]) == ("too_many_resends", RESENDS_MAX)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("kind = 'otp'", "kind"),
        ("kind = 'reminder'", "kind"),
        ("state = 'sending'", "under_way"),
        ("state = 'skipped', skip_reason = 'paid'", "no_longer_true"),
        ("state = 'skipped', skip_reason = 'no_address', to_address = NULL", "no_address"),
    ],
)
async def test_what_makes_no_sense_to_send_again_is_refused(api: Api, change: str, why: str) -> None:
    await api.sent(paid(org_id=api.org))
    (original,) = await api.ids()
    await api.postgres.execute(f"UPDATE mail SET {change} WHERE id = $1", UUID(original))
    assert (await api.ask("POST", f"/v1/mails/{original}/resend", status=409))["why"] == why


async def test_an_address_that_does_not_exist_is_listed_lifted_and_written_to_again(api: Api) -> None:
    api.server.manners = ["unknown_user"]
    await api.sent(paid("Gone@example.com", org_id=api.org), paid("gone@example.com"))
    api.server.manners = ["good"]
    (bounced,) = await api.ids()
    (one,) = (await api.ask("GET", "/v1/suppressions?address=gone@EXAMPLE.com"))["data"]
    assert (one["address"], one["mail_id"], one["answer"][:9]) == ("gone@example.com", bounced, "550 5.1.1")
    assert (await api.ask("GET", "/v1/suppressions?address=other@example.com"))["data"] == []
    assert (await api.ask("GET", "/v1/suppressions?address=%00", status=400))["code"] == "invalid"
    again = await api.ask("POST", f"/v1/mails/{bounced}/resend", status=202)
    await api.send()
    assert (await api.ask("GET", f"/v1/mails/{again['id']}"))["state"] == "suppressed"
    owner, api.org = api.org, new_id()
    await api.ask("DELETE", f"/v1/suppressions/{one['id']}", status=404)
    api.org = owner
    await api.ask("DELETE", f"/v1/suppressions/{one['id']}", status=204)
    await api.ask("DELETE", f"/v1/suppressions/{one['id']}", status=404)
    assert (await api.ask("GET", "/v1/suppressions"))["data"] == []
    last = await api.ask("POST", f"/v1/mails/{again['id']}/resend", status=202)
    await api.send()
    assert (await api.ask("GET", f"/v1/mails/{last['id']}"))["state"] == "sent"
    states = Counter(mail["state"] for mail in (await api.ask("GET", "/v1/mails"))["data"])
    assert states == {"failed": 1, "suppressed": 1, "sent": 1}


async def test_what_is_no_id_or_not_there_is_not_found(api: Api) -> None:
    for path in (f"/v1/mails/{new_id()}", "/v1/mails/nope"):
        assert (await api.ask("GET", path, status=404))["code"] == "not_found"
    await api.ask("DELETE", "/v1/suppressions/nope", status=404)
