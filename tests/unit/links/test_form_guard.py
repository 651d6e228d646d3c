import pytest

from services.links.dashboard.guard import FIELD, FormGuard

ROOT, ORIGIN = b"r" * 32, "https://pay.example.com"
GUARD = FormGuard(ROOT, ORIGIN)
COOKIE = GUARD.cookie(None)
POSTED = {FIELD: GUARD.token(COOKIE, "")}
OURS = {b"host": b"pay.example.com", b"origin": ORIGIN.encode(), b"sec-fetch-site": b"same-origin"}


def test_a_form_of_ours_is_admitted_with_what_browsers_add_and_without() -> None:
    assert GUARD.admits(OURS, POSTED, cookie=COOKIE, session_id="")
    assert GUARD.admits({}, POSTED, cookie=COOKIE, session_id="")


def test_a_page_opened_by_another_name_of_the_machine_is_ours() -> None:
    headers = {b"host": b"localhost:8080", b"origin": b"http://localhost:8080"}
    assert GUARD.admits(headers, POSTED, cookie=COOKIE, session_id="")


@pytest.mark.parametrize(
    "change",
    [
        {b"origin": b"https://evil.example"},
        {b"origin": b"null"},
        {b"origin": b"http://["},
        {b"origin": b"https://pay.example.com.evil.example"},
        {b"sec-fetch-site": b"cross-site"},
        {b"sec-fetch-site": b"same-site"},
    ],
)
def test_a_form_that_another_site_sends_is_refused(change: dict[bytes, bytes]) -> None:
    assert not GUARD.admits(OURS | change, POSTED, cookie=COOKIE, session_id="")


@pytest.mark.parametrize("posted", [{}, {FIELD: ""}, {FIELD: "x" * 43}, {FIELD: "é"}])
def test_a_form_without_our_token_is_refused(posted: dict[str, str]) -> None:
    assert not GUARD.admits(OURS, posted, cookie=COOKIE, session_id="")


def test_a_token_is_bound_to_the_browser_to_the_session_and_to_the_installation() -> None:
    assert not GUARD.admits(OURS, POSTED, cookie=GUARD.cookie(None), session_id="")
    assert not GUARD.admits(OURS, POSTED, cookie=None, session_id="")
    assert not GUARD.admits(OURS, POSTED, cookie=COOKIE, session_id="another")
    assert not FormGuard(b"s" * 32, ORIGIN).admits(OURS, POSTED, cookie=COOKIE, session_id="")


@pytest.mark.parametrize("planted", ["a\r\nX-Evil: 1", "a; Domain=evil.example", "é" * 22, "x" * 21, ""])
def test_a_cookie_that_we_never_made_is_not_sent_back(planted: str) -> None:
    made = GUARD.cookie(planted)
    assert made != planted
    assert GUARD.cookie(made) == made
