"""Whether checkout and links stand as the model says."""

from tests.faults.money_model.checkout import Checkout
from tests.faults.money_model.links import Links
from tests.support.till import Till


async def compare(till: Till, ours: Checkout, theirs: Links) -> None:
    """All rows of both databases that money depends on."""
    pg, links = till.pg, till.links.pg
    rows = await pg.fetch("SELECT id, status FROM session")
    assert {row["id"]: row["status"] for row in rows} == {one.id: one.status for one in ours.sessions.values()}
    rows = await pg.fetch("SELECT id, status, refunded_minor, refunding_minor, disputed_minor, review FROM charge")
    assert {row["id"]: tuple(row)[1:] for row in rows} == {
        one.id: (one.status, one.refunded, one.refunding, one.disputed, one.review) for one in ours.charges.values()
    }
    rows = await pg.fetch("SELECT id, status, amount_minor FROM refund")
    assert {row["id"]: tuple(row)[1:] for row in rows} == {
        one.id: (one.status, one.minor) for one in ours.refunds.values()
    }
    rows = await pg.fetch(
        "SELECT charge_id, currency, account, sum(amount_minor)::bigint AS sum FROM ledger_entry GROUP BY 1, 2, 3"
    )
    balances = {(row["charge_id"], row["currency"], row["account"]): row["sum"] for row in rows if row["sum"]}
    assert balances == ours.balances()
    for one in ours.charges.values():
        assert sum(minor for (charge, _, _), minor in balances.items() if charge == one.id) == 0
    rows = await links.fetch("SELECT session_id, charge_id, state, held_until FROM use")
    assert {row["session_id"]: tuple(row)[1:] for row in rows} == {
        one.session: (one.charge, one.state, one.held_until) for one in theirs.uses.values()
    }
    rows = await links.fetch(
        "SELECT u.link_id, u.used, u.held, coalesce(r.revenue_minor, 0)::bigint"
        " FROM link_uses u LEFT JOIN link_revenue r ON r.link_id = u.link_id"
    )
    assert {row["link_id"]: tuple(row)[1:] for row in rows} == {
        one.id: (theirs.used(one), theirs.held(one), theirs.revenue(one)) for one in theirs.links.values()
    }
    rows = await links.fetch("SELECT charge_id, policy FROM unsettled")
    assert {row["charge_id"]: row["policy"] for row in rows} == theirs.unsettled
