"""What links answers on the bus, and which facts it takes in."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.links.use_cases.find_caller import find_caller
from services.links.use_cases.find_coupon import find_coupon
from services.links.use_cases.hold_use import Holds
from services.links.use_cases.keep_feed import keep_feed
from services.links.use_cases.otp import Otp, OtpRejected
from services.links.use_cases.project_accounts import project_accounts
from services.links.use_cases.read_links import find_for_checkout
from services.links.use_cases.settle_use import release_use, settle_use, take_in_facts
from services.links.use_cases.signing_keys import SigningKeys
from shared.contracts.callers import FindCaller, FindCallerReply
from shared.contracts.catalogue import ABOUT_LINKS
from shared.contracts.checkout import (
    ChargeAccepted,
    ChargeCreated,
    ChargeExpired,
    ChargeFailed,
    ChargePending,
    ChargeRefunded,
    ChargeSucceeded,
    ProviderAccountConnected,
    ProviderAccountDisconnected,
    ProviderAccountUpdated,
    RefundFailed,
    SessionAbandoned,
    SessionExpired,
)
from shared.contracts.envelope import Received
from shared.contracts.links import (
    FindCoupon,
    FindCouponReply,
    FindLink,
    FindLinkReply,
    HoldUse,
    ReleaseUse,
    SettleUse,
    UseState,
)
from shared.contracts.otp import (
    ExchangeOtp,
    ExchangeOtpReply,
    KeySet,
    ListKeys,
    OtpDenied,
    OtpLimited,
    OtpMalformed,
    RequestOtp,
    RequestOtpReply,
)
from shared.contracts.subjects import (
    CALLER_FIND,
    COUPON_FIND,
    KEYS_LIST,
    LINK_FIND,
    OTP_EXCHANGE,
    OTP_REQUEST,
    OWNERS,
    USE_HOLD,
    USE_RELEASE,
    USE_SETTLE,
)
from shared.kernel.faults import Invalid
from shared.runtime.consumer import Consumer
from shared.runtime.limits import RateLimited
from shared.runtime.postgres import Transaction
from shared.runtime.service import Runtime

OWNER: Final = "links"
FEED_ROUND_SECONDS: Final = 0.25
FACTS = (
    ChargeCreated,
    ChargePending,
    ChargeSucceeded,
    ChargeFailed,
    ChargeExpired,
    SessionExpired,
    SessionAbandoned,
    ChargeRefunded,
    RefundFailed,
    ChargeAccepted,
)

ACCOUNT_FACTS = (ProviderAccountConnected, ProviderAccountUpdated, ProviderAccountDisconnected)


def answer(runtime: Runtime, holds: Holds) -> None:
    """Subscribes to the questions. Asking twice is safe for every one of them."""

    async def find(ask: FindLink) -> FindLinkReply:
        return await find_for_checkout(runtime.postgres, ask)

    async def coupon(ask: FindCoupon) -> FindCouponReply:
        return await find_coupon(runtime.postgres, ask, now=runtime.clock())

    async def caller(ask: FindCaller) -> FindCallerReply:
        return await find_caller(runtime.postgres, ask, now=runtime.clock())

    async def settle(ask: SettleUse) -> UseState:
        state = await settle_use(runtime.postgres, ask, now=runtime.clock())
        runtime.wake()
        return state

    async def release(ask: ReleaseUse) -> UseState:
        state = await release_use(runtime.postgres, ask, now=runtime.clock())
        runtime.wake()
        return state

    runtime.broker.reply(LINK_FIND, FindLink, find)
    runtime.broker.reply(CALLER_FIND, FindCaller, caller)
    runtime.broker.reply(COUPON_FIND, FindCoupon, coupon)
    runtime.broker.reply(USE_HOLD, HoldUse, holds.hold)
    runtime.broker.reply(USE_SETTLE, SettleUse, settle)
    runtime.broker.reply(USE_RELEASE, ReleaseUse, release)


def answer_gate(runtime: Runtime, otp: Otp, keys: SigningKeys) -> None:
    async def request(ask: RequestOtp) -> RequestOtpReply:
        now = runtime.clock()
        try:
            return await otp.request_otp(
                ask.email,
                now=now,
                org_id=ask.org_id,
                link_id=ask.link_id,
                client_ip=ask.client_ip,
                locale=ask.locale,
            )
        except RateLimited as limited:
            return OtpLimited(retry_at=now + timedelta(seconds=limited.retry_after_seconds))
        except Invalid:
            return OtpMalformed()

    async def exchange(ask: ExchangeOtp) -> ExchangeOtpReply:
        now = runtime.clock()
        try:
            return await otp.verify_otp(
                ask.email, ask.code, now=now, org_id=ask.org_id, link_id=ask.link_id, client_ip=ask.client_ip
            )
        except RateLimited as limited:
            return OtpLimited(retry_at=now + timedelta(seconds=limited.retry_after_seconds))
        except (OtpRejected, Invalid):
            return OtpDenied()

    async def list_keys(_: ListKeys) -> KeySet:
        return await keys.published(runtime.clock())

    runtime.broker.reply(OTP_REQUEST, RequestOtp, request)
    runtime.broker.reply(OTP_EXCHANGE, ExchangeOtp, exchange)
    runtime.broker.reply(KEYS_LIST, ListKeys, list_keys)


def consumers(runtime: Runtime) -> list[Consumer]:
    """One consumer for all that follows from a charge: one transaction settles, releases and lists a whole batch.

    One for what provider accounts take.

    And one for the feed of every link, reading each other owner's stream; what it writes is read later, so it takes its
    time. What links says itself goes into the feed as it is published.
    """

    async def charges(tx: Transaction, received: Sequence[Received]) -> None:
        await take_in_facts(tx, received, now=runtime.clock())

    settling = Consumer(
        "charges",
        broker=runtime.broker,
        postgres=runtime.postgres,
        events=FACTS,
        handler=charges,
        committed=runtime.wake,
    )
    feeds = [
        Consumer(
            "feed",
            broker=runtime.broker,
            postgres=runtime.postgres,
            events=[event for event in ABOUT_LINKS if event.owner == owner],
            handler=keep_feed,
            round_seconds=FEED_ROUND_SECONDS,
        )
        for owner in OWNERS
        if owner != OWNER
    ]
    accounts = Consumer(
        "provider-accounts",
        broker=runtime.broker,
        postgres=runtime.postgres,
        events=ACCOUNT_FACTS,
        handler=project_accounts,
    )
    return [settling, accounts, *feeds]
