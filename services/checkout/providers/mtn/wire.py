"""MTN MoMo's JSON as it is sent and read. Fields that we do not use are not named: the provider may add some."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x20-\x7e]+$")]
Amount = Annotated[str, Meta(max_length=24, pattern=r"^[0-9]+(\.[0-9]+)?$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Status = Literal["CREATED", "PENDING", "SUCCESSFUL", "FAILED"]


class Party(Struct, frozen=True, rename="camel"):
    """`party_id` is a phone number with its country's code and without a +."""

    party_id_type: Literal["MSISDN"]
    party_id: str


class PayRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    amount: str
    currency: str
    external_id: str
    payer: Party
    payer_message: str
    payee_note: str


class RefundRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    amount: str
    currency: str
    external_id: str
    payer_message: str
    payee_note: str
    reference_id_to_refund: str


class TokenAnswer(Struct, frozen=True):
    """`expires_in` is in seconds."""

    access_token: Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[\x21-\x7e]+$")]
    expires_in: Annotated[int, Meta(ge=0, le=86_400)]


class Reason(Struct, frozen=True):
    code: str
    message: str = ""


class Payer(Struct, frozen=True, rename="camel"):
    party_id: str | None = None


class Transaction(Struct, frozen=True, kw_only=True, rename="camel"):
    """A request to pay, or a refund. `reason` has been seen as a text and as an object."""

    amount: Amount
    currency: Currency
    external_id: Text
    status: Status
    financial_transaction_id: Text | None = None
    payer: Payer | None = None
    reason: Reason | str | None = None


class Problem(Struct, frozen=True):
    code: str = ""
    message: str = ""


Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class Callback(Struct, frozen=True, kw_only=True, rename="camel"):
    """Nothing in it is believed: only whose payment it is about."""

    external_id: Word
    status: Status
    financial_transaction_id: Word | None = None
