from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.delivery import (
    Deferred,
    Delivered,
    Early,
    Outcome,
    Refused,
    Unknown,
    Unreachable,
    Unwanted,
    Verdict,
    is_unknown_user,
    verdict,
)
from services.notify.domain.pacing import DomainPace
from services.notify.use_cases.send_mails import without_addresses

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)


def judged(outcome: Outcome, *, attempts: int = 0, age: timedelta = timedelta(), jitter: float = 0.5) -> Verdict:
    return verdict(outcome, attempts=attempts, created_at=NOW - age, now=NOW, jitter=jitter)


def test_a_mail_that_was_taken_is_sent() -> None:
    assert judged(Delivered()) == Verdict("sent", NOW)


def test_a_refused_mail_is_not_tried_again() -> None:
    assert judged(Refused("550 no such user")) == Verdict("failed", NOW, "550 no such user")


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 10), (1, 60), (2, 300), (6, 86_400), (50, 86_400)])
def test_a_deferred_mail_waits_longer_each_time(attempts: int, seconds: int) -> None:
    assert judged(Deferred("451"), attempts=attempts).due_at == NOW + timedelta(seconds=seconds)


def test_jitter_spreads_a_crowd_by_a_fifth() -> None:
    due = [judged(Deferred("451"), jitter=jitter).due_at for jitter in (0.0, 1.0)]
    assert due == [NOW + timedelta(seconds=8), NOW + timedelta(seconds=12)]


def test_a_mail_whose_fate_is_unknown_goes_again_soon() -> None:
    decided = judged(Unknown("dropped"))
    assert (decided.state, decided.due_at) == ("due", NOW + timedelta(seconds=2))


def test_a_server_that_is_away_is_no_attempt_of_a_mail() -> None:
    assert judged(Unreachable("refused"), age=timedelta(days=30)) == Verdict("due", NOW, "refused", counts=False)


@pytest.mark.parametrize("outcome", [Deferred("451"), Unknown("dropped")])
def test_after_five_days_it_is_given_up(outcome: Outcome) -> None:
    assert judged(outcome, age=timedelta(days=4, hours=23)).state == "due"
    decided = judged(outcome, age=timedelta(days=5))
    assert decided.state == "failed"
    assert decided.error
    assert decided.error.startswith("gave up")


def test_a_long_answer_is_cut() -> None:
    assert len(judged(Refused("5" * 5000)).error or "") == 300


def test_facts_do_not_repeat_the_address_that_a_server_repeats() -> None:
    assert without_addresses("550 <buyer@example.com>: no such user") == "550 <(address)>: no such user"


@pytest.mark.parametrize(
    ("answer", "unknown"),
    [
        ("550 5.1.1 <a@b.test>: no such user", True),
        ("550-5.1.1 The email account that you tried to reach does not exist", True),
        ("556 5.1.10 Domain takes no mail", True),
        ("550 5.7.1 Refused by policy", False),
        ("550 no such user", False),
        ("450 5.1.1 later", False),
        ("554 5.1.12 something newer", False),
        ("552 5.2.2 Mailbox full", False),
    ],
)
def test_only_an_answer_that_names_the_mailbox_as_missing_is_about_the_address(answer: str, *, unknown: bool) -> None:
    assert is_unknown_user(answer) is unknown


def test_an_address_that_does_not_exist_is_remembered_and_not_written_to_again() -> None:
    assert judged(Refused("550 5.1.1 none", unknown_user=True)).suppresses
    assert not judged(Refused("550 5.7.1 spam")).suppresses
    assert judged(Unwanted()) == Verdict("suppressed", NOW, counts=False)


def test_what_comes_too_early_waits_and_is_no_attempt() -> None:
    later = NOW + timedelta(hours=9)
    assert judged(Early(later)) == Verdict("due", later, counts=False)


def test_a_domain_takes_a_burst_and_then_its_pace_and_another_one_does_not_wait() -> None:
    pace = DomainPace(10)
    turns = [pace.turn(f"buyer{n}@Big.example", NOW) for n in range(13)]
    assert turns[:10] == [None] * 10
    tenth = timedelta(seconds=0.1)
    assert turns[10:] == [NOW + timedelta(seconds=1) + n * tenth for n in (1, 2, 3)]
    assert pace.turn("a@small.example", NOW) is None
    assert pace.turn("b@big.example", NOW + tenth) is None
