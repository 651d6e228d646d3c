from collections.abc import Mapping
from typing import Any, cast

_FIRST_LINK = '{"title": "Invoice #1", "pricing": {"type": "fixed", "amount_minor": 50000, "currency": "UGX"}}'


def welcome(local: Mapping[str, Any], *, local_file: str) -> str:
    """Where to go now, from what local.json says."""
    gateway = str(local["gateway"])
    credential = cast("Mapping[str, str]", local["credentials"].get("native") or {})
    headers = "".join(f" -H '{name}: {value}'" for name, value in credential.items())
    lines = [
        "",
        f"  Gateway   {gateway}",
        *([f"  Mailbox   {local['mailbox']}"] if local["mailbox"] else []),
        *_dashboard(local),
        f"  Docs      {gateway}/docs",
        f"  Sandbox   {local['sandbox']['url']}",
        f"  Scripts   {local_file}",
        "",
        "Make a first link:",
        "",
        f"  curl {gateway}/v1/payment-links{headers} \\",
        f"    -H 'Content-Type: application/json' -d '{_FIRST_LINK}'",
        "",
        "Ctrl-C stops everything; the data stays, and the next `make up` goes on with it.",
    ]
    return "\n".join(lines)


def _dashboard(local: Mapping[str, Any]) -> list[str]:
    dashboard = cast("Mapping[str, str] | None", local["dashboard"])
    if dashboard is None:
        return []
    return [f"  Dashboard {dashboard['url']}", f"            {dashboard['email']}  {dashboard['password']}"]
