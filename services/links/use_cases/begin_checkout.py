"""A buyer begins at an API instead of at the page: the link as they may see it, and a session of checkout's."""

from datetime import datetime
from typing import Final, NoReturn
from uuid import UUID

from services.links.domain import texts
from services.links.domain.addresses import check_url
from services.links.domain.emails import check_email
from services.links.domain.faults import CheckoutRefused, LinkGated, LinkUnavailable, TotalOutOfBounds
from services.links.domain.link import Link
from services.links.domain.organization import Organization
from services.links.peers.checkout import Checkout
from services.links.store import links, organizations
from shared.contracts.checkout import CustomerView, OpenCheckoutSession, SessionIsOpen, SessionRefused
from shared.kernel.faults import IdempotencyMismatch, Invalid, NotFound
from shared.kernel.text import has_control_characters, looks_like_card_number
from shared.runtime.edge import LOOPBACK, LOOPBACK_TEST_PER_SECOND
from shared.runtime.limits import Limiter
from shared.runtime.postgres import Postgres

NAME_CHARS_MAX: Final = 200
_COUPON: Final = "coupon_code"
PHONE_DIGITS_MAX: Final = 15
"""E.164; a card number without a plus is told apart by its check digit."""


class Checkouts:
    """What a buyer does with a link, who has no credentials."""

    def __init__(self, pg: Postgres, checkout: Checkout, *, per_address_per_minute: int, test_mode: bool) -> None:
        self._pg = pg
        self._checkout = checkout
        self._test_mode = test_mode
        self._address = Limiter("address", per_second=per_address_per_minute / 60, burst=per_address_per_minute)
        self._loose = Limiter("address", per_second=LOOPBACK_TEST_PER_SECOND, burst=2 * LOOPBACK_TEST_PER_SECOND)

    async def payable(self, link_id: UUID, *, now: datetime) -> tuple[Link, Organization]:
        """The link and whose it is, if a buyer may begin now.

        Raises:
            NotFound: there is no such link.
            LinkUnavailable: inactive, over or used up.
            LinkGated: it opens for its recipient only.
        """
        link = await links.find_by_id(self._pg, link_id)
        organization = await organizations.find(self._pg, link.org_id) if link else None
        if link is None or organization is None:
            raise NotFound("payment_link")
        if refusal := link.refusal(now):
            raise LinkUnavailable(refusal.reason, refusal.since)
        if link.gate_otp:
            raise LinkGated
        return link, organization

    def check(self, ask: OpenCheckoutSession, organization: Organization) -> None:
        """Whether a stranger may ask this: texts within bounds, and redirects that the organization trusts.

        Raises:
            Invalid.
        """
        check_details(ask)
        for field, url in (("success_url", ask.success_url), ("cancel_url", ask.cancel_url)):
            if url is None:
                continue
            check_url(field, url, test_mode=self._test_mode)
            if not organization.may_redirect_to(url):
                raise Invalid(field, "must lie at an origin that the organization has named for redirects")

    async def open_for_stranger(self, ask: OpenCheckoutSession, *, email: str, client_ip: str) -> SessionIsOpen:
        """As `open`. Coupons that take nothing off count for where they come from: codes are not for guessing.

        Raises:
            RateLimited: too many sessions for this address. Scripts on the machine itself are not held up.
        """
        limiter = self._loose if self._test_mode and client_ip in LOOPBACK else self._address
        limiter.spend(email.lower())
        if ask.coupon_code is None:
            return await self.open(ask)
        guesses, wrong = f"coupon {client_ip}", False
        limiter.spend(guesses)
        try:
            return await self.open(ask)
        except Invalid as fault:
            wrong = fault.values.get("field") == _COUPON
            raise
        finally:
            if not wrong:
                limiter.spend(guesses, -1)

    async def open(self, ask: OpenCheckoutSession) -> SessionIsOpen:
        """The session, of what has been checked.

        Raises:
            Invalid, TotalOutOfBounds: it does not fit the link.
            NotFound, LinkUnavailable, LinkGated, CheckoutRefused: checkout knows better than we did a moment ago.
            IdempotencyMismatch.
            Unavailable: checkout does not answer; the same may be asked again.
        """
        answer = await self._checkout.open_session(ask)
        if isinstance(answer, SessionRefused):
            _refuse(answer)
        return answer


def check_details(ask: OpenCheckoutSession) -> None:
    """Raises: Invalid: a text that is too long, holds control characters, or a card number."""
    customer = ask.customer
    if customer.email is not None:
        check_email("customer.email", customer.email)
    if customer.name is not None:
        texts.check_name("customer.name", customer.name, chars_max=NAME_CHARS_MAX)
    _check_phone(customer)
    if ask.address is not None:
        for field in ("line1", "line2", "city", "region", "postal_code"):
            if (line := getattr(ask.address, field)) is not None:
                texts.check_name(f"address.{field}", line, chars_max=NAME_CHARS_MAX)


def _check_phone(customer: CustomerView) -> None:
    phone = customer.phone
    if phone is None:
        return
    if has_control_characters(phone) or sum(character.isdigit() for character in phone) > PHONE_DIGITS_MAX:
        raise Invalid("customer.phone", f"must be a phone number with at most {PHONE_DIGITS_MAX} digits")
    if not phone.lstrip().startswith("+") and looks_like_card_number(phone):
        raise Invalid("customer.phone", "must not be a card number; write a phone number with its +")


def _refuse(refused: SessionRefused) -> NoReturn:
    if refused.reason is not None:
        raise LinkUnavailable(refused.reason, refused.since)
    values = refused.values
    match refused.code:
        case "link_not_found":
            raise NotFound("payment_link")
        case "otp_required":
            raise LinkGated
        case "idempotency_mismatch":
            raise IdempotencyMismatch
        case "invalid":
            raise Invalid(str(values.get("field", "")), str(values.get("rule", "cannot be accepted")))
        case "unknown_currency":
            raise Invalid("currency", "must be an ISO 4217 code")
        case "amount_out_of_bounds":
            raise TotalOutOfBounds(**values)
        case "coupon_refused":
            raise Invalid(_COUPON, f"takes nothing off here: {values.get('reason', 'unknown')}")
        case _:
            raise CheckoutRefused(refused.code)
