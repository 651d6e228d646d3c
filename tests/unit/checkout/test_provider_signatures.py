"""Signatures of Stripe and Wave: our verification, the simulators' signing, and vectors that neither of them made."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.simulators.stripe import signing as stripe_signing
from deploy.simulators.wave import signing as wave_signing
from services.checkout.providers.stripe import signature as stripe_signature
from services.checkout.providers.wave import signature as wave_signature

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "provider_signatures.json").read_text(encoding="utf-8")
)
AT = datetime.fromtimestamp(1_700_000_000, UTC)
Verify = Callable[..., bool]
both = pytest.mark.parametrize(
    ("name", "verify"), [("stripe", stripe_signature.is_authentic), ("wave", wave_signature.is_authentic)]
)


def vector(name: str) -> tuple[str, bytes, str]:
    """The header, the raw body, and the secret."""
    given = VECTORS[name]
    return f"t={given['t']},v1={given['v1']}", given["body"].encode(), given["secret"]


@both
def test_the_published_vector_is_authentic(name: str, verify: Verify) -> None:
    header, body, secret = vector(name)
    assert verify(header, body, secret=secret, now=AT)


def test_the_simulators_sign_as_the_vectors_say() -> None:
    for name, signing in (("stripe", stripe_signing), ("wave", wave_signing)):
        given = VECTORS[name]
        assert signing.sign(given["secret"], given["t"], body=given["body"].encode()) == given["v1"]
        assert signing.signature_header([given["secret"]], given["t"], body=given["body"].encode()) == vector(name)[0]


@both
def test_one_of_several_signatures_is_enough_and_other_schemes_are_skipped(name: str, verify: Verify) -> None:
    header, body, secret = vector(name)
    time, mine = header.split(",")
    assert verify(f"{time},v1={'0' * 64},{mine}", body, secret=secret, now=AT)
    assert verify(f"{time},v0={'0' * 64},{mine}", body, secret=secret, now=AT)
    assert not verify(f"{time},v1={'0' * 64}", body, secret=secret, now=AT)
    assert not verify(f"{time},{mine.replace('v1', 'v0')}", body, secret=secret, now=AT)


@both
@pytest.mark.parametrize(
    ("away", "is_in_time"), [(300, True), (-300, True), (301, False), (-301, False), (10**6, False)]
)
def test_the_time_is_always_checked(name: str, verify: Verify, away: int, is_in_time: bool) -> None:  # noqa: FBT001
    header, body, secret = vector(name)
    assert verify(header, body, secret=secret, now=AT + timedelta(seconds=away)) == is_in_time


@both
def test_nothing_else_is_authentic(name: str, verify: Verify) -> None:
    header, body, secret = vector(name)
    time, mine = header.split(",")
    digest = mine.removeprefix("v1=")
    refused = [
        None, "", time, mine, f"{time},{time},{mine}", f"t=,{mine}", f"t=-1,{mine}", f"t={'1' * 40},{mine}",
        f"t=17e8,{mine}", f"{time},v1={digest.upper()}", f"{time},v1={digest[:-1]}", f"{time},v1={digest}é",
        f"{header}{',v1=0' * 500}", f"t=１７００００００００,{mine}",
    ]  # fmt: skip
    for one in refused:
        assert not verify(one, body, secret=secret, now=AT), one
    assert not verify(header, body + b"\n", secret=secret, now=AT)
    assert not verify(header, body, secret=secret + "x", now=AT)
    assert not verify(header, body, secret="", now=AT)


def test_wave_and_stripe_do_not_sign_alike() -> None:
    header, body, secret = vector("wave")
    assert not stripe_signature.is_authentic(header, body, secret=secret, now=AT)


def test_a_digit_cannot_move_from_waves_body_into_its_time() -> None:
    """Without a dot between them, `t=170000000` with a body that begins with 0 has the same bytes."""
    header, body, secret = vector("wave")
    shifted = header.replace("t=1700000000", "t=170000000")
    earlier = datetime.fromtimestamp(170_000_000, UTC)
    assert not wave_signature.is_authentic(shifted, b"0" + body, secret=secret, now=earlier)
