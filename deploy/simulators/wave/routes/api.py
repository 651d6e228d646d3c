"""The API that a merchant's platform calls. https://docs.wave.com/checkout."""

from typing import cast

import msgspec
from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest, json_answer
from deploy.simulators.process.lost_answers import lose
from deploy.simulators.wave.problems import WaveError, missing, refused
from deploy.simulators.wave.provider import Provider
from deploy.simulators.wave.records import Business, Session
from deploy.simulators.wave.wire import read_request

SESSIONS = "/v1/checkout/sessions"
_encode = msgspec.json.Encoder().encode


def provider_of(request: HttpRequest) -> Provider:
    return cast("Provider", request.app.state.provider)


def require_business(request: HttpRequest) -> Business:
    """Raises: WaveError: 401."""
    header = request.headers.get("authorization")
    if header is None:
        raise WaveError(401, "missing-auth-header", "The request has no Authorization header.")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer":
        raise WaveError(401, "invalid-auth", "The Authorization header is not a bearer.")
    business = provider_of(request).by_key(key.strip())
    if business is None:
        raise WaveError(401, "no-matching-api-key", "The API key does not exist.")
    return business


@post(SESSIONS, status_code=200)
async def create_session(request: HttpRequest) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    _go_wrong(provider)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise refused("The body must be application/json.")
    asked = read_request(await request.body())
    session = provider.create(business, asked)
    return await _answered(request, _encode(provider.view(session)))


@get(SESSIONS)
async def find_by_transaction(request: HttpRequest) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    if not (transaction := request.query_params.get("transaction_id")):
        raise refused("Name the transaction_id.", field="transaction_id")
    for session in provider.store.all(Session, business.id):
        if session.transaction_id == transaction:
            return json_answer(provider.view(session))
    raise missing()


@get(SESSIONS + "/search")
async def search(request: HttpRequest) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    if not (reference := request.query_params.get("client_reference")):
        raise refused("Name the client_reference.", field="client_reference")
    found = provider.store.by_reference(Session, business.id, reference)
    return json_answer({"result": [provider.view(session) for session in found]})


@get(SESSIONS + "/{session_id:str}")
async def show_session(request: HttpRequest, session_id: str) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    return json_answer(provider.view(provider.session(session_id, business)))


@post(SESSIONS + "/{session_id:str}/expire", status_code=200)
async def expire_session(request: HttpRequest, session_id: str) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    session = provider.session(session_id, business)
    _go_wrong(provider)
    provider.expire(session)
    return await _answered(request, b"")


@post(SESSIONS + "/{session_id:str}/refund", status_code=200)
async def refund_session(request: HttpRequest, session_id: str) -> Response[bytes]:
    business, provider = require_business(request), provider_of(request)
    session = provider.session(session_id, business)
    if await request.body():
        raise refused("A refund has no body: it is of all of it.")
    _go_wrong(provider)
    provider.refund(session)
    return await _answered(request, b"")


def _go_wrong(provider: Provider) -> None:
    """Raises: WaveError: this request is one of those that were told to."""
    if provider.outgoing.spend("busy_requests"):
        raise WaveError(429, "rate-limit-exceeded", "Too many requests. Come again later.")
    if provider.outgoing.spend("fail_requests"):
        raise WaveError(500, "internal-server-error", "Something went wrong on our side.")


async def _answered(request: HttpRequest, body: bytes) -> Response[bytes]:
    outgoing = provider_of(request).outgoing
    if outgoing.spend("lose_answers"):
        await lose(request, outgoing.faults.lost_for_ms)
    return Response(body, status_code=200, media_type="application/json")


API_ROUTES = [create_session, find_by_transaction, search, show_session, expire_session, refund_session]
