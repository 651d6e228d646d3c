"""The independent checker: what the provider captured, what we counted and what was mailed must be one and the same.

It trusts none of our answers: it reads the provider's own ledger, the three databases and the mailbox.
"""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

import msgspec

from tests.e2e.api import Api


class Findings(msgspec.Struct, kw_only=True):
    """Empty lists everywhere mean that every captured payment was counted once and has one receipt."""

    captured: int
    captured_twice: list[str]
    paid_twice_by_one_buyer: list[str]
    not_succeeded: list[str]
    not_counted: list[str]
    counted_without_money: list[str]
    without_receipt: list[str]
    with_two_receipts: list[str]
    wrong_totals: list[str]
    dead_letters: list[str]

    def faults(self) -> dict[str, list[str]]:
        lists = {name: value for name, value in msgspec.structs.asdict(self).items() if isinstance(value, list)}
        return {name: value for name, value in lists.items() if value}


async def examine(api: Api, link: dict[str, Any], amount_minor: int) -> Findings:
    """`amount_minor` is asked for by this link only: so its payments are found in the provider's ledger."""
    captured = [one for one in await _ledger(api) if one["amount"] == amount_minor and one["captured"]]
    references = {one["reference"] for one in captured}
    charges = await api.rows(
        "checkout", "SELECT id, session_id, status FROM charge WHERE link_id = $1", UUID(link["id"])
    )
    succeeded = {row["id"].hex: row["session_id"] for row in charges if row["status"] == "succeeded"}
    uses = await api.rows("links", "SELECT charge_id, state FROM use WHERE link_id = $1", UUID(link["id"]))
    settled = [row["charge_id"].hex for row in uses if row["state"] == "settled"]
    mails = await api.rows(
        "notify", "SELECT charge_id, message_id, state FROM mail WHERE link_id = $1", UUID(link["id"])
    )
    of_charge = {row["charge_id"].hex: row["message_id"].strip("<>") for row in mails if row["state"] == "sent"}
    in_mailbox = await _mailbox(api, link["slug"])
    sessions = Counter(str(session_id) for session_id in succeeded.values())
    return Findings(
        captured=len(captured),
        captured_twice=[one["reference"] for one in captured if one["captured"] != 1],
        paid_twice_by_one_buyer=[session for session, times in sessions.items() if times > 1],
        not_succeeded=sorted(references - set(succeeded)),
        not_counted=sorted(references - set(settled)),
        counted_without_money=sorted(set(settled) - references),
        without_receipt=sorted(
            ref for ref in references if of_charge.get(ref) not in set().union(*in_mailbox.values())
        ),
        with_two_receipts=[to for to, message_ids in in_mailbox.items() if len(message_ids) > 1],
        wrong_totals=await _totals(api, link, count=len(references), amount_minor=amount_minor),
        dead_letters=await _dead_letters(api),
    )


async def _ledger(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = await api.sandbox("GET", "/control/payments", **({"after": after} if after else {}))
        found += page["data"]
        after = page["next_after"]
        if not after:
            return found


async def _mailbox(api: Api, slug: str) -> dict[str, set[str]]:
    """Distinct Message-IDs by address: a mail that was repeated after a crash bears the id that it had."""
    answer = await api.send.get(api.stack.local["mailbox_json"])
    found: defaultdict[str, set[str]] = defaultdict(set)
    for mail in answer.json():
        if slug in str(mail["to"]):
            found[str(mail["to"])].add(mail["message_id"].strip("<>"))
    return found


async def _totals(api: Api, link: dict[str, Any], *, count: int, amount_minor: int) -> list[str]:
    stats = await api.stats(link)
    revenue = sum(part["amount_minor"] for part in stats["revenue"])
    wrong = []
    if stats["paid_count"] != count:
        wrong.append(f"paid_count is {stats['paid_count']}, captured {count}")
    if revenue != count * amount_minor:
        wrong.append(f"revenue is {revenue}, captured {count * amount_minor}")
    if stats["uses"]["used"] != count or stats["uses"]["held"]:
        wrong.append(f"uses are {stats['uses']}, captured {count}")
    return wrong


async def _dead_letters(api: Api) -> list[str]:
    found = []
    for service in ("links", "checkout", "notify"):
        found += [f"{service}: {row['error']}" for row in await api.rows(service, "SELECT error FROM dead_letter")]
    return found
