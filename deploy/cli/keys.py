from typing import Annotated, Any, cast, get_args
from urllib.parse import quote

from cyclopts import App, Parameter, validators

from deploy.cli.api import Api
from deploy.cli.bus.connect import CliError, run_now
from deploy.cli.bus.moments import duration, moment_to_come
from deploy.cli.output import as_json, print_json, print_table
from services.links.dialects.native.wire.account import Scope
from shared.kernel.moment import to_wire, utc_now

ROOT = "/v1/api-keys"
LIST_MAX = 1000
OVERLAP_SECONDS_MAX = 30 * 86_400

app = App(name="keys", help="API keys of an organization: list, create, rotate, revoke. Only their hashes are kept.")


@app.command(name="list")
def list_keys(
    *,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=LIST_MAX))] = 50,
    json: bool | None = None,
    url: str | None = None,
) -> None:
    """List keys, newest first, without their secrets.

    Example: `paylinks keys list --limit 10`

    Args:
        limit: At most so many.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        found = Api(url).listed(ROOT, limit=limit)
        if as_json(asked=json):
            for key in found:
                print_json(key)
        elif found:
            print_table([_row(key) for key in found])
        else:
            print("No keys.")
        return 0

    run_now(act)


@app.command
def create(
    name: str,
    *,
    scope: Annotated[list[Scope] | None, Parameter(consume_multiple=True)] = None,
    live: bool = False,
    expires: str | None = None,
    json: bool | None = None,
    url: str | None = None,
) -> None:
    """Make a key. It is shown once, and cannot be read again.

    Example: `paylinks keys create "Web shop" --scope links:read links:write`

    Args:
        name: What it is for.
        scope: What it may do; every scope, where none is named. No key makes one that may do more than itself.
        live: For real money; else a test key.
        expires: When it ends: in 30d, 12h, or a moment such as 2027-03-05T11:05:00Z; else never.
        json: The whole answer as JSON, or the key alone; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        body: dict[str, Any] = {"name": name, "scopes": scope or list(get_args(Scope)), "livemode": live}
        if expires is not None:
            body["expires_at"] = to_wire(moment_to_come(expires, now=utc_now()))
        return _show_new(Api(url).post(ROOT, body), json=as_json(asked=json))

    run_now(act)


@app.command
def rotate(
    key_id: str,
    *,
    overlap: str = "24h",
    json: bool | None = None,
    url: str | None = None,
) -> None:
    """Make a successor with the same scopes. It is shown once; the old key works on for the overlap.

    Example: `paylinks keys rotate 4f9k2m1x7c3b --overlap 1h`

    Args:
        key_id: The id of the key, as `list` shows it.
        overlap: How long the old key works on: 0s to 30d.
        json: The whole answer as JSON, or the key alone; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        seconds = int(duration(overlap).total_seconds())
        if seconds > OVERLAP_SECONDS_MAX:
            raise CliError("--overlap is 30d at most.")
        made = Api(url).post(f"{_path(key_id)}/rotate", {"overlap_seconds": seconds})
        return _show_new(made, json=as_json(asked=json))

    run_now(act)


@app.command
def revoke(key_id: str, *, json: bool | None = None, url: str | None = None) -> None:
    """End a key now, for good.

    Example: `paylinks keys revoke 4f9k2m1x7c3b`

    Args:
        key_id: The id of the key, as `list` shows it.
        json: The key as JSON, or a sentence; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        key = Api(url).delete(_path(key_id))
        if as_json(asked=json):
            print_json(key)
        else:
            print(f"{key['name']} ({key['id']}) is revoked.")
        return 0

    run_now(act)


def _path(key_id: str) -> str:
    return f"{ROOT}/{quote(key_id, safe='')}"


def _show_new(key: dict[str, Any], *, json: bool) -> int:
    if json:
        print_json(key)
    else:
        print(f"id      {key['id']}\nsecret  {key['secret']}\n\nKeep it now: it is not shown again.")
    return 0


def _row(key: dict[str, Any]) -> dict[str, object]:
    ended = "revoked" if key["revoked_at"] else "rotated" if key["rotated_to"] else "works"
    scopes = cast("list[str]", key["scopes"])
    return {
        "id": key["id"],
        "name": key["name"],
        "mode": "live" if key["livemode"] else "test",
        "state": ended,
        "scopes": "all" if len(scopes) == len(get_args(Scope)) else " ".join(scopes),
        "last used": key["last_used_at"],
        "expires": key["expires_at"],
    }
