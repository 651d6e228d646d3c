"""Requests and answers in one piece, beside what Litestar makes of the same."""

from collections.abc import Sequence
from typing import Any

import pytest
from litestar import Litestar, Request, Response, post
from litestar.response.base import ASGIResponse

from shared.runtime.http import HTML, ReadyAnswer, WholeRequest, encoded

MOST = 10
AnyRequest = Request[Any, Any, Any]


@post("/", status_code=200)
async def echo(request: AnyRequest) -> Response[bytes]:
    assert await request.body() == await request.body()
    return Response(await request.body(), media_type="text/plain")


async def answered(
    pieces: Sequence[bytes | None], request_class: type[AnyRequest], *, length: bytes | None, more: bool = False
) -> tuple[int, bytes]:
    """What is answered to a body that comes in these pieces; None: they hung up. `more` is said to come after each."""
    app = Litestar([echo], request_class=request_class, request_max_body_size=MOST, openapi_config=None)
    left = list(pieces)
    said: list[Any] = []

    async def receive() -> Any:
        piece = left.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": more or bool(left)}

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"content-length", length)] if length is not None else []
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "headers": headers,
        "state": {},
    }
    await app(scope, receive, send)
    return said[0]["status"], said[1]["body"]


@pytest.mark.parametrize(
    ("pieces", "length"),
    [
        ([b""], None),
        ([b"0123456789"], b"10"),
        ([b"0123456789", b""], None),
        ([b"01234", b"56789"], None),
        ([b"", b"01234"], b"5"),
        ([b"0123456789a"], None),
        ([b"0123456789", b"a"], None),
        ([b"0123456789a"], b"11"),
        ([b"01234", b"56789a"], b"11"),
    ],
)
async def test_a_body_is_read_as_litestar_reads_it(pieces: Sequence[bytes], length: bytes | None) -> None:
    expected = await answered(pieces, Request, length=length)
    assert await answered(pieces, WholeRequest, length=length) == expected
    assert expected[0] == (200 if sum(map(len, pieces)) <= MOST else 413)


async def test_a_body_that_is_as_long_as_was_said_is_not_asked_for_more() -> None:
    # As Granian gives it: nothing says that this was all, and another question would be answered with nothing.
    assert await answered([b"01234"], WholeRequest, length=b"5", more=True) == (200, b"01234")


@pytest.mark.parametrize(
    ("pieces", "length"), [([b"01234", b""], None), ([b"01234", b"5", b""], b"6"), ([b"01234", None], b"6")]
)
async def test_a_body_is_asked_for_until_it_is_as_long_as_was_said(
    pieces: Sequence[bytes | None], length: bytes | None
) -> None:
    expected = await answered([*pieces, None], Request, length=length, more=True)
    assert await answered([*pieces, None], WholeRequest, length=length, more=True) == expected


async def test_who_hangs_up_in_the_middle_is_taken_for_no_one_who_has_said_all() -> None:
    for pieces in ([None], [b"0", None]):
        expected = await answered(pieces, Request, length=None)
        assert expected[0] == 500
        assert await answered(pieces, WholeRequest, length=None) == expected


async def said_by(answer: ASGIResponse) -> list[Any]:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    await answer({}, None, send)  # type: ignore[arg-type]
    return said


@pytest.mark.parametrize("headers", [{}, {"ETag": '"3"', "Cache-Control": "no-store"}])
@pytest.mark.parametrize(("kind", "media_type"), [(b"application/json", "application/json"), (HTML, "text/html")])
async def test_an_answer_says_what_litestars_would_say(kind: bytes, media_type: str, headers: dict[str, str]) -> None:
    ours = await said_by(ReadyAnswer(b"{}", status=201, kind=kind, headers=encoded(headers)))
    theirs = await said_by(ASGIResponse(body=b"{}", status_code=201, media_type=media_type, headers=headers))
    for said in (ours, theirs):
        said[0]["headers"] = sorted((name.lower(), value) for name, value in said[0]["headers"])
    assert ours == theirs


async def test_an_answer_that_is_given_again_is_the_same() -> None:
    answer = ReadyAnswer(b"{}")
    (start, _) = await said_by(answer)
    start["headers"].append((b"x-request-id", b"1"))
    assert (b"x-request-id", b"1") not in (await said_by(answer))[0]["headers"]
