"""The JSON of a merchant's routes of checkout: what comes in, bounded, and what goes out."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.checkout.domain.breaker import BreakerState
from services.checkout.domain.routing import LeftOutReason
from shared.contracts.links import Method

Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Methods = Annotated[tuple[Method, ...], Meta(min_length=1, max_length=4)]
Currencies = Annotated[tuple[Annotated[str, Meta(pattern="^[A-Z]{3}$")], ...], Meta(min_length=1, max_length=50)]
Operators = Annotated[
    tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9]{1,20}$")], ...], Meta(min_length=1, max_length=20)
]
Priority = Annotated[int, Meta(ge=0, le=1000)]
Credentials = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=64)],
        Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")],
    ],
    Meta(min_length=1, max_length=10),
]


class ConnectBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`methods`, `currencies` and `operators` narrow what the provider takes. Lower `priority` first."""

    provider: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")]
    credentials: Credentials
    label: Label | None = None
    methods: Methods | None = None
    currencies: Currencies | None = None
    operators: Operators | None = None
    priority: Priority = 100


class AccountPatchBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Only what is named changes; null takes a restriction away."""

    label: Label | UnsetType | None = UNSET
    methods: Methods | UnsetType | None = UNSET
    currencies: Currencies | UnsetType | None = UNSET
    operators: Operators | UnsetType | None = UNSET
    priority: Priority | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class RotateBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For `overlap_hours` callbacks that the old credentials sign are still believed."""

    credentials: Credentials
    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24


class SecretOut(Struct, frozen=True):
    """`last4` is empty where the secret is too short to show any of it."""

    name: str
    last4: str


class ProviderAccountOut(Struct, frozen=True, kw_only=True):
    """`takes`: currencies by method, null for every one. `callback_url` goes into the provider's dashboard."""

    id: UUID
    provider: str
    label: str | None
    livemode: bool
    status: str
    takes: dict[str, list[str] | None]
    methods: tuple[Method, ...] | None
    currencies: tuple[str, ...] | None
    operators: tuple[str, ...] | None
    priority: int
    availability: BreakerState
    callback_url: str
    credentials: list[SecretOut]
    credentials_updated_at: datetime
    old_credentials_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class CredentialOut(Struct, frozen=True, kw_only=True):
    name: str
    pattern: str
    secret: bool
    required: bool
    hint: str


class ProviderOut(Struct, frozen=True, kw_only=True):
    name: str
    takes: dict[str, list[str] | None]
    refunds: str
    credentials: list[CredentialOut]
    callback_url: str


class ProvidersOut(Struct, frozen=True):
    data: list[ProviderOut]


class CandidateOut(Struct, frozen=True):
    """`account_id` is null for a sandbox account that was not needed yet."""

    account_id: UUID | None
    provider: str
    priority: int


class LeftOutOut(Struct, frozen=True):
    account_id: UUID | None
    provider: str
    reason: LeftOutReason


class RouteOut(Struct, frozen=True):
    """`candidates` in the order in which they are tried."""

    candidates: list[CandidateOut]
    left_out: list[LeftOutOut]


class CallbackListed(Struct, frozen=True, kw_only=True):
    """`verdict` is `received` until it was applied; `retry_at` is when it is tried again."""

    id: UUID
    provider: str
    account_id: UUID
    event_id: str | None
    verdict: str
    charge_id: UUID | None
    received_at: datetime
    applied_at: datetime | None
    retry_at: datetime | None
    tries: int


class CallbackDetail(CallbackListed, frozen=True, kw_only=True):
    """As it came: `body` as text where it is UTF-8, and in any case as base64. `headers`: those that verify it."""

    headers: dict[str, Any]
    body: str | None
    body_base64: str


class ReplayOut(Struct, frozen=True, kw_only=True):
    """`replayed` false: it was applied before, and doing it again would change nothing."""

    replayed: bool
    callback: CallbackListed


CONNECT: Final = msgspec.json.Decoder(ConnectBody)
PATCH: Final = msgspec.json.Decoder(AccountPatchBody)
ROTATE: Final = msgspec.json.Decoder(RotateBody)
