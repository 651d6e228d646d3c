from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from services.checkout.providers.sandbox.adapter import Sandbox
from services.links.dialects.native.mapping.insight import NEXT_STEPS
from services.links.dialects.native.wire import insight
from services.links.dialects.native.wire.links import PaymentLink
from services.links.domain import history
from services.links.domain.eligibility import Surroundings, failing
from services.links.domain.link import Link, Uses
from services.links.domain.pricing import Open
from shared.contracts.checkout import METHODS_TAKEN
from shared.kernel.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AROUND = Surroundings(methods_taken=METHODS_TAKEN[False])
MOMENTS = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))


def link(**fields: Any) -> Link:
    given_: dict[str, Any] = {
        "id": new_id(),
        "org_id": new_id(),
        "livemode": False,
        "slug": "tea",
        "title": "Tea",
        "pricing": Open(),
        "methods": ("card",),
        "metadata": {},
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1),
    }
    return Link(**given_ | fields)


@given(starts=MOMENTS, expires=MOMENTS, paused=MOMENTS, ended=MOMENTS, exhausted=MOMENTS)
def test_what_refuses_a_buyer_is_among_what_fails_and_nothing_fails_without_a_refusal(
    starts: datetime | None,
    expires: datetime | None,
    paused: datetime | None,
    ended: datetime | None,
    exhausted: datetime | None,
) -> None:
    uses = Uses(max=1, used=1 if exhausted else 0, exhausted_at=exhausted)
    ended_as = "archived" if ended else None
    one = link(starts_at=starts, expires_at=expires, paused_at=paused, ended_at=ended, ended_as=ended_as, uses=uses)
    refusal, found = one.refusal(NOW), failing(one, AROUND, NOW)
    assert bool(refusal) == bool(found)
    if refusal is not None:
        assert refusal.reason in [failed.rule for failed in found]


def test_every_rule_has_a_next_step_and_stands_on_the_wire() -> None:
    assert set(NEXT_STEPS) == set(get_args(insight.Rule))


def test_checkout_takes_the_methods_that_links_believes() -> None:
    assert tuple(Sandbox.takes) == METHODS_TAKEN[False]


def test_every_field_that_can_change_is_a_field_of_the_native_link() -> None:
    plain = {name for name in Link.__struct_fields__ if name not in {"uses", "gate_otp", "ended_as", "org_id"}}
    assert plain <= set(PaymentLink.__struct_fields__)
    assert history.changed_fields(link(), link()) == ()


def test_changes_name_the_cap_and_the_gate_as_the_native_link_does() -> None:
    before = link()
    after = link(id=before.id, uses=Uses(max=3), gate_otp=True, title="Coffee")
    assert history.changed_fields(before, after) == ("title", "uses_max", "gate")
