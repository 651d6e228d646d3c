"""Who is asking: the platform, an account by one of its two keys, or whoever holds the control key."""

import hmac
from typing import Any, cast

from litestar import Request
from litestar.datastructures import State

from deploy.simulators.sandbox.problems import ApiError
from deploy.simulators.sandbox.provider import Provider
from deploy.simulators.sandbox.records import Account

HttpRequest = Request[Any, Any, State]


def provider_of(request: HttpRequest) -> Provider:
    return cast("Provider", request.app.state.provider)


def bearer(request: HttpRequest) -> str:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def require_platform(request: HttpRequest) -> None:
    """Raises: ApiError: 401."""
    _require_key(request, provider_of(request).settings.platform_key)


def require_control(request: HttpRequest) -> None:
    """Raises: ApiError: 401."""
    _require_key(request, provider_of(request).settings.control_key)


def require_account(request: HttpRequest) -> Account:
    """The account whose secret API key was sent. Raises: ApiError: 401."""
    key = bearer(request)
    account = provider_of(request).account_by_key(key)
    if account is None or key != account.api_key:
        raise _unauthorized()
    return account


def require_publishable(request: HttpRequest) -> Account:
    """The account whose publishable key was sent. Raises: ApiError: 401."""
    key = bearer(request)
    account = provider_of(request).account_by_key(key)
    if account is None or key != account.publishable_key:
        raise _unauthorized()
    return account


def _require_key(request: HttpRequest, key: str) -> None:
    if not hmac.compare_digest(bearer(request).encode(), key.encode()):
        raise _unauthorized()


def _unauthorized() -> ApiError:
    return ApiError(401, "unauthorized", "The key is missing or is not valid here.")
