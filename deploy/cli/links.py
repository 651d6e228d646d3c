import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from cyclopts import App, Parameter, validators

from deploy.cli.api import Api
from deploy.cli.bus.connect import CliError, run_now
from deploy.cli.bus.moments import moment_to_come
from deploy.cli.output import as_json, print_json, print_table
from services.links.dialects.native.wire.links import Method, State
from shared.kernel.moment import to_wire, utc_now

ROOT = "/v1/payment-links"
LIST_MAX = 10_000
FILE_BYTES_MAX = 64 * 1024

app = App(name="links", help="Payment links of an organization: create, get, list, pause, resume, archive.")


@app.command
def create(
    title: str | None = None,
    *,
    amount_minor: int | None = None,
    currency: str | None = None,
    product: UUID | None = None,
    slug: str | None = None,
    description: str | None = None,
    uses_max: int | None = None,
    expires: str | None = None,
    method: Annotated[list[Method] | None, Parameter(consume_multiple=True)] = None,
    file: Path | None = None,
    dry_run: bool = False,
    json: bool | None = None,
    url: str | None = None,
) -> None:
    """Make a payment link, and print its address.

    Example: `paylinks links create "Invoice 123" --amount-minor 50000 --currency UGX --expires 30d`

    Args:
        title: What the buyer pays for.
        amount_minor: Whole minor units: 50000 is UGX 50,000 and USD 500.00. Without it, the buyer says how much.
        currency: ISO 4217.
        product: Id of the product that it sells, instead of an amount.
        slug: The end of its address; else one is drawn.
        description: For the buyer.
        uses_max: How often it can be paid; else without limit.
        expires: When it ends: in 30d, or a moment such as 2027-03-05T11:05:00Z; else never.
        method: How it can be paid: card, mobile_money, ussd, bank_transfer; else as the organization says.
        file: JSON of any fields of POST /v1/payment-links, or - for standard input; options go before it.
        dry_run: Make nothing; show what would be made, or why not.
        json: The whole link as JSON, or its address alone; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        named = {
            "title": title,
            "pricing": _pricing(amount_minor, currency, product),
            "slug": slug,
            "description": description,
            "uses_max": uses_max,
            "expires_at": None if expires is None else to_wire(moment_to_come(expires, now=utc_now())),
            "methods": method,
        }
        body = _read(file) | {name: value for name, value in named.items() if value is not None}
        if not body.get("title") or not body.get("pricing"):
            raise CliError("Say at least a title, and --amount-minor with --currency, --currency alone, or --product.")
        link = Api(url).post(f"{ROOT}?dry_run=true" if dry_run else ROOT, body)
        if as_json(asked=json):
            print_json(link)
        else:
            print("It would be made as it stands there." if dry_run else link["url"])
        return 0

    run_now(act)


@app.command
def get(link: str, *, json: bool | None = None, url: str | None = None) -> None:
    """Show one link.

    Example: `paylinks links get invoice-123`

    Args:
        link: Its id, or its slug.
        json: The whole link as JSON, or a few lines; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """
    run_now(lambda: _show(_found(Api(url), link), json=as_json(asked=json)))


@app.command(name="list")
def list_links(
    *,
    state: State | None = None,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=LIST_MAX))] = 50,
    json: bool | None = None,
    url: str | None = None,
) -> None:
    """List links, newest first.

    Example: `paylinks links list --state active --limit 20`

    Args:
        state: Only these.
        limit: At most so many.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        found = Api(url).listed(ROOT, limit=limit, state=state)
        if as_json(asked=json):
            for link in found:
                print_json(link)
        elif found:
            print_table([_row(link) for link in found])
        else:
            print("No links.")
        return 0

    run_now(act)


@app.command
def pause(link: str, *, json: bool | None = None, url: str | None = None) -> None:
    """Let a link take no payments until it is resumed.

    Example: `paylinks links pause invoice-123`

    Args:
        link: Its id, or its slug.
        json: The whole link as JSON, or a few lines; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """
    run_now(lambda: _moved(Api(url), link, "pause", json=as_json(asked=json)))


@app.command
def resume(link: str, *, json: bool | None = None, url: str | None = None) -> None:
    """Let a paused link take payments again.

    Example: `paylinks links resume invoice-123`

    Args:
        link: Its id, or its slug.
        json: The whole link as JSON, or a few lines; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """
    run_now(lambda: _moved(Api(url), link, "resume", json=as_json(asked=json)))


@app.command
def archive(link: str, *, json: bool | None = None, url: str | None = None) -> None:
    """End a link for good. What was paid stays.

    Example: `paylinks links archive invoice-123`

    Args:
        link: Its id, or its slug.
        json: The whole link as JSON, or a few lines; without it, JSON into a pipe.
        url: Where Paylinks is; else PAYLINKS_URL, else the running stack. PAYLINKS_API_KEY is the key to ask with.
    """

    def act() -> int:
        api = Api(url)
        return _show(api.delete(f"{ROOT}/{_found(api, link)['id']}"), json=as_json(asked=json))

    run_now(act)


def _pricing(amount_minor: int | None, currency: str | None, product: UUID | None) -> dict[str, Any] | None:
    if product is not None:
        if amount_minor is not None or currency is not None:
            raise CliError("A product has a price of its own: leave --amount-minor and --currency away.")
        return {"type": "product", "product_id": str(product)}
    if amount_minor is not None:
        if currency is None:
            raise CliError("Say the --currency of --amount-minor, such as UGX.")
        return {"type": "fixed", "amount_minor": amount_minor, "currency": currency}
    return None if currency is None else {"type": "open", "currency": currency}


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        raw = sys.stdin.buffer.read(FILE_BYTES_MAX + 1) if str(file) == "-" else _beginning(file)
        if len(raw) > FILE_BYTES_MAX:
            raise CliError(f"{file} is larger than {FILE_BYTES_MAX // 1024} KiB.")
        return msgspec.json.decode(raw, type=dict[str, Any])
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CliError(f"{file} is not a JSON object: {error}.") from None


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(FILE_BYTES_MAX + 1)


def _found(api: Api, link: str) -> dict[str, Any]:
    try:
        return api.get(f"{ROOT}/{UUID(link)}")
    except ValueError:
        found = api.listed(ROOT, limit=1, slug=link)
    if not found:
        raise CliError(f"There is no link '{link}'.")
    return found[0]


def _moved(api: Api, link: str, verb: str, *, json: bool) -> int:
    return _show(api.post(f"{ROOT}/{quote(_found(api, link)['id'])}/{verb}"), json=json)


def _show(link: dict[str, Any], *, json: bool) -> int:
    if json:
        print_json(link)
        return 0
    shown = {**_row(link), "id": link["id"], "url": link["url"], "expires": link["expires_at"]}
    for name, value in shown.items():
        print(f"{name:<8}  {'-' if value is None else value}")
    return 0


def _row(link: dict[str, Any]) -> dict[str, object]:
    uses, pricing = link["uses"], link["pricing"]
    amount = pricing.get("amount_minor")
    return {
        "slug": link["slug"],
        "state": link["state"],
        "price": f"{amount} {pricing['currency']}" if amount is not None else pricing["type"],
        "paid": f"{uses['used']} of {uses['max']}" if uses["max"] is not None else uses["used"],
        "mode": "live" if link["livemode"] else "test",
        "title": link["title"],
        "id": link["id"],
    }
