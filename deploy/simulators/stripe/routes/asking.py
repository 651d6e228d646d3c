"""One request of the API: who asks, in what form, and whether it was answered before."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from typing import Any, cast

import msgspec
from litestar import Response

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.process.lost_answers import lose
from deploy.simulators.stripe.forms import Form, read_form
from deploy.simulators.stripe.problems import StripeError
from deploy.simulators.stripe.provider import Provider
from deploy.simulators.stripe.records import Account

ANSWERS_KEPT_MS = 24 * 60 * 60 * 1_000
KEY_CHARS_MAX = 255
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(\.[a-z]+)?")
_FORM = "application/x-www-form-urlencoded"
_encode = msgspec.json.Encoder().encode


def provider_of(request: HttpRequest) -> Provider:
    return cast("Provider", request.app.state.provider)


def require_account(request: HttpRequest) -> Account:
    """By Bearer, or as the user name of Basic. Raises: StripeError: 401, or 400 for a version that is none."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    key = credential.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            key = ""
    account = provider_of(request).accounts.by_key(key) if scheme.lower() in {"bearer", "basic"} else None
    if account is None:
        raise StripeError(401, f"Invalid API Key provided: {key[:7]}****", code="api_key_invalid")
    version = request.headers.get("stripe-version")
    if version is not None and not _VERSION.fullmatch(version):
        raise StripeError(400, f"Invalid Stripe API version: {version[:40]}")
    return account


def query_of(request: HttpRequest, kind: type[Form]) -> Form:
    """Raises: StripeError: 400."""
    return read_form(request.scope["query_string"], kind)


async def changed(request: HttpRequest, kind: type[Form], change: Callable[[Account, Form], Any]) -> Response[bytes]:
    """Answers a POST: once per Idempotency-Key. `change` runs in the transaction that keeps its answer.

    Raises:
        StripeError.
    """
    account = require_account(request)
    body = await request.body()
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise StripeError(400, "The body must be a form (application/x-www-form-urlencoded).")
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= KEY_CHARS_MAX:
        raise StripeError(400, "The Idempotency-Key must have 1 to 255 characters.")
    provider = provider_of(request)
    if provider.outgoing.spend("busy_requests"):
        raise StripeError(409, "Another request with this key is in progress.", code="idempotency_key_in_use")
    if provider.outgoing.spend("fail_requests"):
        raise StripeError(500, "Something went wrong on our side.", kind="api_error")
    fingerprint = hashlib.sha256(f"{request.scope['path']}\n".encode() + body).digest()
    since_ms = provider.now_ms() - ANSWERS_KEPT_MS
    if key is not None and (kept := provider.store.answer(account.id, key, since_ms=since_ms)):
        return _kept(kept, fingerprint)
    asked = read_form(body, kind)
    with provider.store.transaction():
        answer = _encode(change(account, asked))
        if key is not None:
            provider.store.keep_answer(
                account.id, key, fingerprint=fingerprint, status=200, body=answer, now_ms=provider.now_ms()
            )
    if provider.outgoing.spend("lose_answers"):
        await lose(request, provider.outgoing.faults.lost_for_ms)
    return _answer(answer)


def shown(value: Any) -> Response[bytes]:
    return _answer(_encode(value))


def _kept(kept: tuple[bytes, int, bytes], fingerprint: bytes) -> Response[bytes]:
    if kept[0] != fingerprint:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            kind="idempotency_error",
        )
    return _answer(kept[2], status=kept[1], headers={"Idempotent-Replayed": "true"})


def _answer(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
