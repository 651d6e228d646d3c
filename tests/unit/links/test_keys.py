from datetime import UTC, datetime, timedelta

import pytest

from services.links.domain import keys
from services.links.domain.keys import ApiKey
from shared.kernel.ids import new_id

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def key(**over: object) -> ApiKey:
    fields: dict[str, object] = {
        "id": "abc",
        "org_id": new_id(),
        "livemode": False,
        "name": "n",
        "scopes": (),
        "secret_sha256": keys.digest("s_e-cret"),
        "created_at": NOW,
    }
    return ApiKey(**fields | over)  # pyright: ignore[reportArgumentType]


def test_a_bearer_says_mode_and_id_and_survives_underscores_in_the_secret() -> None:
    assert keys.bearer(key(), "s_e-cret") == "plk_test_abc_s_e-cret"
    assert keys.parse("plk_test_abc_s_e-cret") == (False, "abc", "s_e-cret")
    assert keys.parse("plk_live_abc_s") == (True, "abc", "s")
    assert key().opens_with("s_e-cret")
    assert not key().opens_with("s_e-creT")


@pytest.mark.parametrize(
    "token", ["", "plk", "plk_test_abc", "plk_beta_abc_s", "xxx_test_abc_s", "plk_test__s", "é" * 9]
)
def test_what_is_not_shaped_like_a_key_is_none(token: str) -> None:
    assert keys.parse(token) is None


def test_a_key_works_until_it_is_revoked_or_expires() -> None:
    assert key().works(NOW)
    assert not key(revoked_at=NOW).works(NOW)
    assert not key(expires_at=NOW).works(NOW)
    assert key(expires_at=NOW + timedelta(seconds=1)).works(NOW)


def test_an_overlap_never_prolongs_a_key() -> None:
    assert keys.overlap_end(key(), NOW, 60) == NOW + timedelta(seconds=60)
    assert keys.overlap_end(key(expires_at=NOW), NOW, 60) == NOW
