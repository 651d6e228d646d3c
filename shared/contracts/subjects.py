"""Every subject and stream on the bus, in one place."""

from typing import Final, Literal
from uuid import UUID

from shared.contracts.envelope import Event

VERSION: Final = "v1"
Owner = Literal["links", "checkout", "notify"]
OWNERS: Final[tuple[Owner, ...]] = ("links", "checkout", "notify")

STREAMS: Final[dict[str, tuple[str, ...]]] = {
    "LINKS": ("links.evt.>",),
    "CHECKOUT": ("checkout.evt.>",),
    "NOTIFY": ("notify.evt.>",),
    # What the server itself gave up on: the backstop behind each service's dead_letter table.
    "DEAD": ("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>", "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"),
}


def stream_of(owner: str) -> str:
    return owner.upper()


def event_subject(event: type[Event], org_id: UUID) -> str:
    """`checkout.evt.v1.<organization>.charge.succeeded`."""
    return f"{event.owner}.evt.{VERSION}.{org_id}.{event.entity}.{event.fact}"


def every(event: type[Event]) -> str:
    """The subject of this fact for every organization: `checkout.evt.v1.*.charge.succeeded`."""
    return f"{event.owner}.evt.{VERSION}.*.{event.entity}.{event.fact}"


def rpc(owner: str, entity: str, verb: str) -> str:
    """`links.rpc.v1.use.hold`: a question to a service, answered by any one of its replicas."""
    return f"{owner}.rpc.{VERSION}.{entity}.{verb}"


LINK_FIND: Final = rpc("links", "link", "find")
CALLER_FIND: Final = rpc("links", "caller", "find")
COUPON_FIND: Final = rpc("links", "coupon", "find")
USE_HOLD: Final = rpc("links", "use", "hold")
USE_SETTLE: Final = rpc("links", "use", "settle")
USE_RELEASE: Final = rpc("links", "use", "release")
CALLBACK_LIST: Final = rpc("checkout", "callback", "list")
CALLBACK_SHOW: Final = rpc("checkout", "callback", "show")
CALLBACK_REPLAY: Final = rpc("checkout", "callback", "replay")
ACCOUNTS_RESEAL: Final = rpc("checkout", "provider_account", "reseal")
RECONCILE: Final = rpc("checkout", "reconciliation", "make")
SESSION_OPEN: Final = rpc("checkout", "session", "open")
MAIL_LIST: Final = rpc("notify", "mail", "list")
OTP_REQUEST: Final = rpc("links", "otp", "request")
OTP_EXCHANGE: Final = rpc("links", "otp", "verify")
KEYS_LIST: Final = rpc("links", "keys", "list")
OTP_VERIFY: Final = rpc("notify", "otp", "verify")
OTP_CHECK: Final = rpc("notify", "otp", "check")


def dead_letters(owner: str, verb: str) -> str:
    """`<owner>.rpc.v1.dead.<list|show|replay>`: what `paylinks dead` asks."""
    return rpc(owner, "dead", verb)


def clock_show(owner: str) -> str:
    """`<owner>.rpc.v1.clock.show`: answered in test mode alone, where `paylinks clock` moves time."""
    return rpc(owner, "clock", "show")


def outbox_wake(owner: str) -> str:
    """A hint from any replica to the one that relays: something was just written to the outbox."""
    return f"{owner}.wake.outbox"
