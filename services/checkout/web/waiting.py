"""What the page of a payment that waits for its buyer needs: the prompt, the code to dial, the account to send to."""

from datetime import timedelta
from urllib.parse import quote

from services.checkout.domain.operators import format_phone, operator_hint
from services.checkout.web.views import SessionView, TransferShown
from shared.web.catalogs import Catalog
from shared.web.formats import format_clock, format_date_field, format_moment, format_money, format_plain_amount
from shared.web.pages import bold

_SAME_DAY = timedelta(hours=12)


def context(view: SessionView, t: Catalog) -> dict[str, object]:
    hint = operator_hint(view.phone or "")
    number = bold(format_phone(view.phone or ""))
    until = view.action_expires_at
    return {
        "prompt_sent_to": t("prompt_sent_to_operator", phone=number, operator=hint.operator)
        if hint and hint.confidence == "high"
        else t("prompt_sent_to", phone=number),
        "deadline": until and format_date_field(until),
        "pending_text": t(f"pending_{view.pending}") if view.pending else None,
        "deadline_text": _deadline(view, t),
        # A # would end the number there, and all that follows would never be dialed (RFC 3966 and 3986).
        "tel": quote(view.dial_code or "", safe="*+"),
        **(_transfer(view.transfer, t) if view.transfer else {}),
    }


def _transfer(transfer: TransferShown, t: Catalog) -> dict[str, object]:
    """What is sent, which may be more than the total: some providers put their fee on top."""
    amount = transfer.amount
    return {
        "to_send": format_money(amount.minor, amount.currency, t.locale),
        "amount_to_copy": format_plain_amount(amount.minor, amount.currency),
    }


def _deadline(view: SessionView, t: Catalog) -> str | None:
    until = view.action_expires_at
    if until is None:
        return None
    if view.state == "prompt_sent":
        return t("time_until", time=format_clock(until, t.locale, zone=view.time_zone))
    near = until - view.now < _SAME_DAY
    moment = (format_clock if near else format_moment)(until, t.locale, zone=view.time_zone)
    return t("expires", moment=moment)
