from services.checkout.domain.owner import Owner
from shared.runtime.merchant import Call


def owner_of(call: Call) -> Owner:
    return Owner(call.caller.org_id, call.caller.livemode)
