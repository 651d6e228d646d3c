"""Sends what is due: the first event of each lane under a lease, settled with what follows from the answer.

A sender that dies leaves its lanes to the others when the lease is over. What was sent and not written down is sent
again then, under the same `webhook-id`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from cryptography.fernet import InvalidToken
from prometheus_client import Counter

from services.notify.domain.webhook_attempt import Attempt, verdict
from services.notify.domain.webhook_delivery import Head
from services.notify.domain.webhook_endpoint import should_give_up
from services.notify.domain.webhook_message import message_id
from services.notify.store import webhook_endpoints as endpoints
from services.notify.store import webhook_lanes as lanes
from services.notify.use_cases.switch_off_webhooks import switch_off
from services.notify.webhooks.sender import Sender
from services.notify.webhooks.signing import SecretBox, signed_headers
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock, utc_now
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres, Transaction

IN_FLIGHT_MAX: Final = 256
PER_ENDPOINT_MAX: Final = 8
PER_ORGANIZATION_MAX: Final = 64
"""Twenty endpoints in each mode that answer after 14 s would else take every place there is."""
LEASE: Final = timedelta(seconds=10)
RENEW_SECONDS: Final = 3
FINISH_SECONDS_MAX: Final = 1
SETTLE_AGAIN_SECONDS: Final = 0.5

WEBHOOKS: Final = Counter("paylinks_webhooks_total", "What became of attempts to tell a merchant.", ["outcome"])
_log = logger("webhooks")


class SendWebhooks:
    """`settled` is called after each attempt, when the same lane, or another of the endpoint, may go on.

    Signatures bear `real_time`, which receivers compare with their own: a clock that a test has moved would be refused.
    """

    def __init__(
        self,
        postgres: Postgres,
        sender: Sender,
        *,
        box: SecretBox,
        clock: Clock,
        disable_after: timedelta,
        message_host: str,
        settled: Callable[[], None],
        real_time: Clock = utc_now,
    ) -> None:
        self._postgres = postgres
        self._sender = sender
        self._box = box
        self._clock = clock
        self._disable_after = disable_after
        self._message_host = message_host
        self._settled = settled
        self._real_time = real_time
        self._flying: dict[asyncio.Task[None], lanes.Held] = {}

    async def begin(self) -> int:
        """Claims what is due and there is room for, and begins to send it; how much that was."""
        room = IN_FLIGHT_MAX - len(self._flying)
        if room <= 0:
            return 0
        token = uuid4()
        now = self._clock()
        heads = await lanes.claim(
            self._postgres,
            token,
            now=now,
            leased_until=now + LEASE,
            limit=room,
            per_endpoint=PER_ENDPOINT_MAX,
            per_organization=PER_ORGANIZATION_MAX,
        )
        for head in heads:
            task = asyncio.create_task(self._send(head, token), name="webhook")
            self._flying[task] = (head.endpoint_id, head.lane, token)
            task.add_done_callback(self._landed)
        return len(heads)

    async def renew(self) -> None:
        """To be called every `RENEW_SECONDS`."""
        if self._flying:
            await lanes.renew(self._postgres, list(self._flying.values()), self._clock() + LEASE)

    async def finish(self) -> None:
        """Lets what is under way end, for a moment, and gives the rest back."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=FINISH_SECONDS_MAX)
        left = dict(self._flying)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
            await lanes.release(self._postgres, list(left.values()), self._clock())

    async def drained(self) -> None:
        """Waits for what is under way."""
        while self._flying:
            await asyncio.wait(self._flying)

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._flying.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            # Its lease runs out, and it is tried again.
            _log.error("webhook.broken", exc_info=error)
        self._settled()

    async def _send(self, head: Head, token: UUID) -> None:
        crash_point("webhooks.claimed")
        attempt = await self._attempt(head)
        crash_point("webhooks.sent")
        while True:
            try:
                await self._settle(head, token, attempt)
            except Unavailable as error:
                # Forgetting that it arrived would send it again. Nothing goes wrong if another takes over meanwhile.
                _log.warning("webhook.not_settled", error=repr(error))
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            else:
                return

    async def _attempt(self, head: Head) -> Attempt:
        now = self._clock()
        try:
            keys = self._keys(head)
        except InvalidToken:
            _log.error("webhook.not_signed", endpoint_id=str(head.endpoint_id))
            return Attempt(at=now, duration_ms=0, headers={}, error="not sent: its secret cannot be read; rotate it")
        signed = signed_headers(keys, message_id(head.event_id), head.payload, at=self._real_time())
        return await self._sender.post(head.url, head.payload, signed, at=now)

    def _keys(self, head: Head) -> Sequence[str]:
        """Raises: InvalidToken: they were sealed with another root secret."""
        keys = [self._box.unseal(head.secret)]
        if head.previous_secret and head.previous_until and head.previous_until > self._clock():
            keys.append(self._box.unseal(head.previous_secret))
        return keys

    async def _settle(self, head: Head, token: UUID, attempt: Attempt) -> None:
        now = self._clock()
        jitter = random.random()  # noqa: S311 - spreading load, not guarding a secret
        decided = verdict(attempt, attempts=head.attempts, opened_at=head.opened_at, now=now, jitter=jitter)
        async with self._postgres.transaction() as tx:
            if not await lanes.hold(tx, head, token):
                WEBHOOKS.labels("fenced").inc()
                return
            await lanes.settle(tx, head, attempt=attempt, verdict=decided, now=now)
            if attempt.arrived:
                await endpoints.note_arrival(tx, head.endpoint_id)
            else:
                await self._note_failure(tx, head, attempt)
            crash_point("webhooks.settling")
        WEBHOOKS.labels(decided.state).inc()

    async def _note_failure(self, tx: Transaction, head: Head, attempt: Attempt) -> None:
        now = self._clock()
        noted = await endpoints.note_failure(tx, head.endpoint_id, head.url, now=now)
        if noted is None:
            return
        since, failures = noted
        if attempt.gone:
            await switch_off(tx, head, "gone", since=since, message_host=self._message_host, now=now)
        elif should_give_up(since, failures, now=now, after=self._disable_after):
            await switch_off(tx, head, "failing", since=since, message_host=self._message_host, now=now)
