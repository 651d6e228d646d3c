"""How sessions and charges move: one table of edges each. Every edge names its event; docs/ draws them from here."""

from typing import Final, Literal

from msgspec import Struct

from shared.contracts.checkout import (
    ChargeAccepted,
    ChargeCreated,
    ChargeDisputed,
    ChargeExpired,
    ChargeFailed,
    ChargeNeedsReview,
    ChargePending,
    ChargeRefunded,
    ChargeSucceeded,
    DisputeClosed,
    RefundCreated,
    RefundFailed,
    RefundSucceeded,
    SessionAbandoned,
    SessionExpired,
    SessionOpened,
)
from shared.contracts.envelope import Event

SessionStatus = Literal["open", "paying", "paid", "expired", "abandoned"]
ChargeStatus = Literal["created", "pending", "succeeded", "failed", "expired"]
RefundStatus = Literal["created", "pending", "succeeded", "failed"]
DisputeStatus = Literal["open", "won", "lost"]


class Edge(Struct, frozen=True):
    """`source` None: it begins here. `event` None: nobody outside needs to know."""

    source: str | None
    verb: str
    target: str
    event: type[Event] | None


SESSION_EDGES: Final = (
    Edge(None, "open", "open", SessionOpened),
    Edge("open", "start charge", "paying", None),
    Edge("paying", "charge ends unpaid", "open", None),
    Edge("paying", "charge succeeds", "paid", ChargeSucceeded),
    Edge("open", "time runs out before a charge", "expired", SessionExpired),
    Edge("open", "time runs out after a charge", "abandoned", SessionAbandoned),
    # The provider captured the money after all: the buyer has paid, whatever we thought.
    Edge("open", "charge succeeds late", "paid", ChargeSucceeded),
    Edge("expired", "charge succeeds late", "paid", ChargeSucceeded),
    Edge("abandoned", "charge succeeds late", "paid", ChargeSucceeded),
)

CHARGE_EDGES: Final = (
    Edge(None, "reserve", "created", ChargeCreated),
    Edge("created", "provider accepts", "pending", ChargePending),
    Edge("created", "provider captures", "succeeded", ChargeSucceeded),
    Edge("created", "provider refuses", "failed", ChargeFailed),
    Edge("created", "payer does not act", "expired", ChargeExpired),
    Edge("pending", "provider captures", "succeeded", ChargeSucceeded),
    Edge("pending", "provider refuses", "failed", ChargeFailed),
    Edge("pending", "payer does not act", "expired", ChargeExpired),
    Edge("failed", "provider captures late", "succeeded", ChargeSucceeded),
    Edge("expired", "provider captures late", "succeeded", ChargeSucceeded),
    # Captured money stays captured: what happens to it afterwards is told by sums beside the status (ADR 13).
    Edge("succeeded", "some or all is given back", "succeeded", ChargeRefunded),
    Edge("succeeded", "comes too late to count", "succeeded", ChargeNeedsReview),
    Edge("succeeded", "a person keeps it", "succeeded", ChargeAccepted),
    Edge("succeeded", "payer disputes", "succeeded", ChargeDisputed),
)

REFUND_EDGES: Final = (
    Edge(None, "ask", "created", RefundCreated),
    Edge("created", "provider accepts", "pending", None),
    Edge("created", "provider gives back", "succeeded", RefundSucceeded),
    Edge("created", "provider refuses", "failed", RefundFailed),
    Edge("pending", "provider gives back", "succeeded", RefundSucceeded),
    Edge("pending", "provider gives up", "failed", RefundFailed),
    # The payer's bank has sent it back: the charge has the money again.
    Edge("succeeded", "provider takes it back", "failed", RefundFailed),
)

DISPUTE_EDGES: Final = (
    Edge(None, "payer asks their bank", "open", ChargeDisputed),
    Edge("open", "bank finds for the merchant", "won", DisputeClosed),
    Edge("open", "bank finds for the payer", "lost", DisputeClosed),
)

_LEGAL: Final = frozenset((edge.source, edge.target) for edge in CHARGE_EDGES if edge.source != edge.target)
_LEGAL_REFUND: Final = frozenset((edge.source, edge.target) for edge in REFUND_EDGES)
_LEGAL_DISPUTE: Final = frozenset((edge.source, edge.target) for edge in DISPUTE_EDGES)
UNDER_WAY: Final = frozenset({"created", "pending"})
ENDED_UNPAID: Final = frozenset({"failed", "expired"})


def may_become(source: ChargeStatus, target: ChargeStatus) -> bool:
    return (source, target) in _LEGAL


def refund_may_become(source: RefundStatus, target: RefundStatus) -> bool:
    return (source, target) in _LEGAL_REFUND


def dispute_may_become(source: DisputeStatus, target: DisputeStatus) -> bool:
    return (source, target) in _LEGAL_DISPUTE
