"""Everything that checkout can do for a surface, in one place: what app builds and web is given."""

from typing import Any

from msgspec import Struct

from services.checkout.providers.registry import Providers
from services.checkout.use_cases.call_off import CallOff
from services.checkout.use_cases.find_coupon import FindCoupon
from services.checkout.use_cases.gate import Gate
from services.checkout.use_cases.limit_addresses import LimitAddresses
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.open_session import OpenSession
from services.checkout.use_cases.read_session import ReadSession
from services.checkout.use_cases.record_callback import RecordCallback
from services.checkout.use_cases.rendered import Rendered
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.start_charge import StartCharge
from services.checkout.use_cases.tokens import SessionTokens
from services.checkout.use_cases.view_link import ViewLink
from shared.kernel.moment import Clock


class Checkout(Struct, frozen=True, kw_only=True):
    """`answers` keeps rendered JSON, `pages` rendered pages; both are dropped when their link changes."""

    view_link: ViewLink
    open_session: OpenSession
    gate: Gate
    find_coupon: FindCoupon
    start_charge: StartCharge
    call_off: CallOff
    read_session: ReadSession
    record_callback: RecordCallback
    tokens: SessionTokens
    live: Live
    answers: Rendered[Any]
    pages: Rendered[Any]
    providers: Providers
    routing: Routing
    limit_addresses: LimitAddresses
    clock: Clock
    public_url: str
    test_mode: bool
