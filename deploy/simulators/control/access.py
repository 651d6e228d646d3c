"""The control API is for tests, never for a platform: it sees and forces what a real provider decides alone."""

import hmac
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from msgspec import Meta

HttpRequest = Request[Any, Any, State]
Body = TypeVar("Body", bound=msgspec.Struct)
Times = Annotated[int, Meta(ge=1, le=100)]
_encode = msgspec.json.Encoder().encode


class ControlError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def require_control(request: HttpRequest) -> None:
    """Raises: ControlError: 401."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    key: str = request.app.state.control_key
    if scheme.lower() != "bearer" or not hmac.compare_digest(credential.strip().encode(), key.encode()):
        raise ControlError(401, "The control key is missing or is not this one.")


async def body_of(request: HttpRequest, kind: type[Body]) -> Body:
    """Raises: ControlError: 400."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ControlError(400, str(error)) from None


def json_answer(body: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    content = body if isinstance(body, bytes) else _encode(body)
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def on_control_error(_: HttpRequest, error: ControlError) -> Response[bytes]:
    return json_answer({"error": {"code": error.status, "message": error.message}}, error.status)
