"""The merchant's operations on providers, as the OpenAPI document has them: accounts, callbacks, reconciliations."""

from typing import Any, Final, get_args

from services.checkout.domain.callbacks import VERDICTS
from services.checkout.web.merchant_reconciliations import ReconciliationOut
from services.checkout.web.merchant_wire import (
    AccountPatchBody,
    CallbackDetail,
    CallbackListed,
    ConnectBody,
    ProviderAccountOut,
    ProvidersOut,
    ReplayOut,
    RotateBody,
    RouteOut,
)
from shared.contracts.links import Method
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, TEXT, UUID_TEXT, Operation

CONNECT_EXAMPLE: Final[dict[str, Any]] = {
    "provider": "wave",
    "credentials": {"api_key": "wave_sn_prod_xxxxxxxx", "webhook_secret": "wave_sn_WHS_xxxxxxxx"},
    "label": "Main",
    "currencies": ["XOF"],
    "priority": 10,
}
ROTATE_EXAMPLE: Final[dict[str, Any]] = {"credentials": CONNECT_EXAMPLE["credentials"], "overlap_hours": 24}
PATCH_EXAMPLE: Final[dict[str, Any]] = {"priority": 5, "currencies": None}
_ACCOUNTS: Final = "/v1/provider-accounts"
_ACCOUNT: Final = _ACCOUNTS + "/{account_id}"
_MOMENT: Final = {"type": "string", "format": "date-time"}
_ACCOUNT_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/providers",
        id="list_providers",
        summary="What can be connected",
        scope="providers:read",
        answer=ProvidersOut,
    ),
    Operation(
        method="get",
        path=_ACCOUNTS,
        id="list_provider_accounts",
        summary="Accounts, newest first",
        scope="providers:read",
        answer=Page[ProviderAccountOut],
        query=(*PAGE, ("provider", TEXT)),
    ),
    Operation(
        method="post",
        path=_ACCOUNTS,
        id="connect_provider_account",
        summary="Connect an account",
        scope="providers:write",
        status=201,
        body=ConnectBody,
        body_example=CONNECT_EXAMPLE,
        answer=ProviderAccountOut,
        codes=("provider_unknown",),
    ),
    Operation(
        method="get",
        path=_ACCOUNTS + "/route",
        id="explain_route",
        summary="Who would take a payment, and why nobody else",
        scope="providers:read",
        answer=RouteOut,
        query=(
            ("link", {"type": "string", "description": "Its id or its slug."}),
            ("method", {"enum": list(get_args(Method))}),
            ("currency", {"type": "string", "example": "UGX", "description": "Where the link names none."}),
            ("phone", {"type": "string", "example": "+256772123456"}),
        ),
        codes=("not_found", "link_not_found"),
    ),
    Operation(
        method="get",
        path=_ACCOUNT,
        id="get_provider_account",
        summary="An account",
        scope="providers:read",
        answer=ProviderAccountOut,
    ),
    Operation(
        method="patch",
        path=_ACCOUNT,
        id="change_provider_account",
        summary="Change what it takes, its priority, or whether it is used",
        scope="providers:write",
        body=AccountPatchBody,
        body_example=PATCH_EXAMPLE,
        answer=ProviderAccountOut,
    ),
    Operation(
        method="delete",
        path=_ACCOUNT,
        id="delete_provider_account",
        summary="Delete an account that nothing was paid through",
        scope="providers:write",
        status=204,
        codes=("provider_account_in_use",),
    ),
    Operation(
        method="post",
        path=_ACCOUNT + "/rotate",
        id="rotate_provider_account",
        summary="Change its credentials; the old ones sign callbacks for a while",
        scope="providers:write",
        once=False,
        body=RotateBody,
        body_example=ROTATE_EXAMPLE,
        answer=ProviderAccountOut,
    ),
)
_CALLBACK_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/callbacks",
        id="list_callbacks",
        summary="What providers sent, newest first",
        scope="providers:read",
        answer=Page[CallbackListed],
        query=(
            *PAGE,
            ("provider", TEXT),
            ("account", UUID_TEXT),
            ("verdict", {"enum": sorted(VERDICTS)}),
            ("charge", UUID_TEXT),
            ("from", _MOMENT),
            ("to", _MOMENT),
        ),
    ),
    Operation(
        method="get",
        path="/v1/callbacks/{callback_id}",
        id="get_callback",
        summary="A callback, as it came",
        scope="providers:read",
        answer=CallbackDetail,
    ),
    Operation(
        method="post",
        path="/v1/callbacks/{callback_id}/replay",
        id="replay_callback",
        summary="Verify, read and judge it again",
        scope="providers:write",
        once=False,
        answer=ReplayOut,
    ),
)
_RECONCILIATION_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/reconciliations",
        id="list_reconciliations",
        summary="Ours against theirs, by account and day",
        scope="providers:read",
        answer=Page[ReconciliationOut],
        query=(*PAGE, ("day", {"type": "string", "format": "date"}), ("account", UUID_TEXT)),
    ),
)
MERCHANT_OPERATIONS: Final = (*_ACCOUNT_OPERATIONS, *_CALLBACK_OPERATIONS, *_RECONCILIATION_OPERATIONS)
