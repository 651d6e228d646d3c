"""`paylinks keys` and `paylinks links` on a running stack: the API's use cases and refusals, from a terminal."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.api import Api
from tests.support.cli import called
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


async def said(stack: Stack, *arguments: str, **environment: str) -> Any:
    code, output, errors = await called(*arguments, PAYLINKS_HOME=str(stack.home), **environment)
    assert (code, errors) == (0, ""), errors
    return [json.loads(line) for line in output.splitlines()]


async def refused(stack: Stack, *arguments: str, **environment: str) -> str:
    code, output, errors = await called(*arguments, PAYLINKS_HOME=str(stack.home), **environment)
    assert (code, output, errors.count("\n")) == (1, "", 1), (code, output, errors)
    return errors


async def test_a_link_is_made_read_paused_resumed_and_archived(stack: Stack) -> None:
    slug = f"cli-{uuid4().hex[:8]}"
    make = ("links", "create", "Invoice 123", "--amount-minor", "50000", "--currency", "UGX", "--slug", slug)
    (made,) = await said(stack, *make, "--uses-max", "2", "--expires", "30d", "--method", "card", "mobile_money")
    assert made["pricing"] == {"type": "fixed", "amount_minor": 50000, "currency": "UGX"}
    assert (made["slug"], made["uses"]["max"], made["methods"]) == (slug, 2, ["card", "mobile_money"])
    assert made["expires_at"] is not None
    assert await said(stack, "links", "get", slug) == await said(stack, "links", "get", made["id"])
    states = [(await said(stack, "links", verb, slug))[0]["state"] for verb in ("pause", "resume", "archive")]
    assert states == ["paused", "active", "archived"]
    assert slug in [link["slug"] for link in await said(stack, "links", "list", "--state", "archived")]
    assert await refused(stack, "links", "resume", slug) == (
        "Refused (link_ended): The payment link has ended. What has ended never comes back: make a new one.\n"
    )


async def test_a_link_is_made_of_a_file_and_options_go_before_it(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "link.json"
    file.write_text(json.dumps({"title": "From a file", "pricing": {"type": "open", "currency": "RWF"}, "uses_max": 7}))
    (made,) = await said(stack, "links", "create", "--file", str(file), "--uses-max", "9")
    assert (made["title"], made["pricing"]["type"], made["uses"]["max"]) == ("From a file", "open", 9)
    (tried,) = await said(stack, "links", "create", "--file", str(file), "--dry-run", "--slug", "only-tried")
    assert tried["slug"] == "only-tried"
    assert await refused(stack, "links", "get", "only-tried") == "There is no link 'only-tried'.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "x"], "Say at least a title"),
        (["create", "x", "--amount-minor", "5"], "Say the --currency of --amount-minor"),
        (["create", "x", "--amount-minor", "0", "--currency", "UGX"], "Refused (invalid)"),
        (["create", "x", "--currency", "UGX", "--expires", "soon"], "'soon' is not a time"),
        (["create", "--file", "/nowhere.json"], "/nowhere.json cannot be read: No such file or directory."),
        (["create", "--file", "/etc/hostname"], "/etc/hostname is not a JSON object"),
        (["get", "no/such?link"], "There is no link 'no/such?link'."),
        (["get", "01890000-0000-7000-8000-000000000000"], "Refused (not_found)"),
    ],
)
async def test_what_is_no_link_is_refused_in_one_sentence(stack: Stack, arguments: list[str], sentence: str) -> None:
    assert (await refused(stack, "links", *arguments)).startswith(sentence)


async def test_a_key_is_shown_once_and_works_until_it_is_revoked(stack: Stack, api: Api) -> None:
    (key,) = await said(stack, "keys", "create", "Web shop", "--scope", "links:read", "--expires", "1d")
    assert key["secret"].startswith("plk_test_")
    assert (await api.send.get("/v1/payment-links", headers={"X-API-Key": key["secret"]})).status_code == 200
    listed = {one["id"]: one for one in await said(stack, "keys", "list")}
    assert listed[key["id"]]["scopes"] == ["links:read"]
    assert "secret" not in listed[key["id"]]
    (revoked,) = await said(stack, "keys", "revoke", key["id"])
    assert revoked["revoked_at"] is not None
    assert (await api.send.get("/v1/payment-links", headers={"X-API-Key": key["secret"]})).status_code == 401
    assert (await refused(stack, "keys", "rotate", key["id"])).startswith("Refused (key_ended)")


async def test_a_rotated_key_leaves_a_successor_with_the_same_scopes(stack: Stack, api: Api) -> None:
    (key,) = await said(stack, "keys", "create", "Turning", "--scope", "links:read", "links:write")
    (new,) = await said(stack, "keys", "rotate", key["id"], "--overlap", "0s")
    assert (new["scopes"], new["id"] != key["id"]) == (["links:read", "links:write"], True)
    answers = [await api.send.get("/v1/payment-links", headers={"X-API-Key": one["secret"]}) for one in (key, new)]
    assert [answer.status_code for answer in answers] == [401, 200]
    assert await refused(stack, "keys", "rotate", new["id"], "--overlap", "31d") == "--overlap is 30d at most.\n"
    assert (await refused(stack, "keys", "revoke", "no/such")).startswith("Refused (not_found)")


async def test_a_key_of_less_can_do_less(stack: Stack) -> None:
    (key,) = await said(stack, "keys", "create", "Reads", "--scope", "links:read")
    own = {"PAYLINKS_API_KEY": key["secret"]}
    assert await said(stack, "links", "list", "--limit", "1", **own)
    assert (await refused(stack, "keys", "list", **own)).startswith("Refused (forbidden)")
    assert (await refused(stack, "links", "create", "x", "--currency", "UGX", **own)).startswith("Refused (forbidden)")


async def test_the_stacks_own_key_goes_to_the_stack_alone(stack: Stack) -> None:
    other = await refused(stack, "keys", "list", "--url", "http://127.0.0.1:9")
    assert other == "There is no key for http://127.0.0.1:9: set PAYLINKS_API_KEY.\n"
    dead = await refused(stack, "keys", "list", "--url", "http://127.0.0.1:9", PAYLINKS_API_KEY="plk_test_x_y")
    assert dead == "Paylinks does not answer at http://127.0.0.1:9.\n"
    odd = await refused(stack, "keys", "list", PAYLINKS_API_KEY="é")
    assert odd == "PAYLINKS_API_KEY is not a key.\n"
    assert await said(stack, "keys", "list", "--url", stack.gateway)


async def test_people_get_lines_and_not_json(stack: Stack) -> None:
    code, output, _ = await called("links", "list", "--no-json", "--limit", "2", PAYLINKS_HOME=str(stack.home))
    head, *rows = output.splitlines()
    assert (code, len(rows), head.split()[:3]) == (0, 2, ["slug", "state", "price"])
    code, output, _ = await called("keys", "create", "Seen", "--no-json", PAYLINKS_HOME=str(stack.home))
    assert (code, "Keep it now: it is not shown again." in output) == (0, True)
