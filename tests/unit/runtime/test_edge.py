"""The outermost layer, driven as an ASGI application."""

import pytest
from prometheus_client import generate_latest

from shared.runtime.edge import CALLBACKS_BURST, Edge
from shared.runtime.proxies import Proxies


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["state"]["client_ip"].encode(), "more_body": False})


def edge(**changes):
    options = {"per_ip_per_second": 1, "test_mode": False, "trusted_proxies": Proxies("10.0.0.1, 10.7.0.0/16")}
    return Edge(answer, **(options | changes))


async def ask(app, *, peer="203.0.113.9", path="/", headers=(), method="GET"):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "client": (peer, 1)}
    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def test_every_answer_bears_a_request_id_and_keeps_the_callers():
    for named in (b"abc-12345678", b"batch.7_row.12"):
        status, headers, _ = await ask(edge(), headers=[(b"x-request-id", named)])
        assert (status, headers[b"x-request-id"]) == (200, named)


@pytest.mark.parametrize("offered", [b"short", b"has space in it", b'quote"quote', b"x" * 65])
async def test_a_request_id_that_could_spoil_a_log_is_replaced(offered):
    _, headers, _ = await ask(edge(), headers=[(b"x-request-id", offered)])
    assert headers[b"x-request-id"] != offered


async def test_one_address_is_limited_and_told_when_to_come_back():
    app = edge()
    for _ in range(4):
        assert (await ask(app))[0] == 200
    status, headers, body = await ask(app)
    assert (status, headers[b"retry-after"]) == (429, b"1")
    assert b'"code":"rate_limited"' in body
    assert (await ask(app, peer="203.0.113.10"))[0] == 200


async def test_one_household_is_limited_however_many_addresses_of_ipv6_it_has():
    app = edge()
    statuses = [(await ask(app, peer=f"2001:db8:1:2:{n}::{n}"))[0] for n in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert (await ask(app, peer="2001:db8:1:3::1"))[0] == 200
    assert (await ask(app, peer="::ffff:198.51.100.7"))[2] == b"198.51.100.7"
    assert (await ask(app, peer="::1"))[2] == b"::1"


async def test_methods_that_nobody_knows_are_one_series():
    app = edge(test_mode=True)
    for n in range(50):
        await ask(app, peer="127.0.0.1", method=f"INVENTED{n}")
    assert b"INVENTED" not in generate_latest()
    assert b'method="other"' in generate_latest()


async def test_health_is_never_limited_by_address():
    app = edge()
    for _ in range(6):
        assert (await ask(app, path="/health"))[0] == 200


async def test_callbacks_have_a_generous_limit_of_their_own():
    app = edge()
    statuses = [(await ask(app, path="/callbacks/sandbox/1"))[0] for _ in range(CALLBACKS_BURST * 2)]
    assert statuses[:CALLBACKS_BURST] == [200] * CALLBACKS_BURST
    assert 429 in statuses
    assert (await ask(app, path="/"))[0] == 200
    assert (await ask(app, path="/callbacks/sandbox/1", peer="203.0.113.10"))[0] == 200


async def test_a_loopback_client_of_a_test_stack_may_do_five_hundred_a_second():
    app = edge(test_mode=True)
    for _ in range(500):
        assert (await ask(app, peer="127.0.0.1"))[0] == 200


async def test_the_forwarded_address_counts_only_behind_our_own_gateway():
    forwarded = [(b"x-forwarded-for", b"198.51.100.7, 203.0.113.77")]
    assert (await ask(edge(), peer="10.0.0.1", headers=forwarded))[2] == b"203.0.113.77"
    assert (await ask(edge(), peer="203.0.113.9", headers=forwarded))[2] == b"203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "origin"),
    [
        ("10.7.3.4", "203.0.113.77", "203.0.113.77"),
        ("10.7.3.4", "203.0.113.77, 10.7.9.9", "203.0.113.77"),
        ("10.7.3.4", "10.7.9.9, 203.0.113.77", "203.0.113.77"),
        ("10.7.3.4", "1.2.3.4, 203.0.113.77, 10.7.9.9, 10.0.0.1", "203.0.113.77"),
        ("10.7.3.4", "10.7.9.9, 10.0.0.1", "10.7.9.9"),
        ("10.7.3.4", "nonsense", "nonsense"),
        ("10.7.3.4", "", ""),
        ("10.8.0.1", "203.0.113.77", "10.8.0.1"),
        ("unknown", "203.0.113.77", "unknown"),
    ],
)
def test_behind_several_of_ours_the_last_address_that_is_not_ours_counts(peer, forwarded, origin):
    assert Proxies("10.0.0.1, 10.7.0.0/16").origin(peer, forwarded) == origin


def test_proxies_that_are_no_addresses_are_refused_at_the_start():
    with pytest.raises(ValueError, match="host bits"):
        Proxies("10.7.0.1/16")


async def test_what_nobody_answered_is_answered_as_a_problem_with_the_request_id():
    async def broken(scope, receive, send):
        raise RuntimeError("a handler of refusals that is broken itself")

    app = Edge(broken, per_ip_per_second=1, test_mode=False, trusted_proxies=Proxies(""))
    status, headers, body = await ask(app, headers=[(b"x-request-id", b"abc-12345678")])
    assert (status, headers[b"content-type"]) == (500, b"application/problem+json")
    assert b'"request_id":"abc-12345678"' in body
    assert b"RuntimeError" not in body
