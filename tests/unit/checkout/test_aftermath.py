"""What became of captured money, as its buyer is told."""

from typing import Any

import pytest

from services.checkout.domain.session import Aftermath, Fate
from shared.kernel.money import Money
from tests.unit.checkout.build import NOW


@pytest.mark.parametrize(
    ("refunded", "refunding", "charged_back", "review", "fate"),
    [
        (0, 0, 0, None, "kept"),
        (0, 0, 0, "accepted", "kept"),
        (0, 0, 0, "open", "under_review"),
        (5_000, 5_000, 0, None, "kept"),
        (5_000, 5_000, 0, "open", "under_review"),
        (0, 50_000, 0, None, "going_back"),
        (40_000, 10_000, 0, "refunded", "going_back"),
        (50_000, 0, 0, None, "given_back"),
        (50_000, 0, 0, "refunded", "given_back"),
        # All that a dispute had left of it went back; the bank has not decided yet.
        (40_000, 0, 0, "refunded", "kept"),
        (40_000, 0, 10_000, "refunded", "given_back"),
        (0, 0, 49_999, None, "kept"),
        (0, 0, 49_999, "open", "under_review"),
        (0, 0, 50_000, None, "charged_back"),
        (10_000, 0, 40_000, None, "charged_back"),
        (0, 10_000, 40_000, None, "going_back"),
        # Refunded first, and disputed all the same.
        (50_000, 0, 50_000, None, "charged_back"),
        (10_000, 0, 50_000, None, "charged_back"),
    ],
)
def test_only_the_whole_goes_back(refunded: int, refunding: int, charged_back: int, review: Any, fate: Fate) -> None:
    aftermath = Aftermath(
        total=Money(50_000, "UGX"),
        review=review,
        refunded=Money(refunded, "UGX"),
        refunding=Money(refunding, "UGX"),
        refunded_at=NOW if refunded else None,
        charged_back=Money(charged_back, "UGX"),
        charged_back_at=NOW if charged_back else None,
    )
    assert aftermath.fate == fate
