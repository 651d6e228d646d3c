"""Translations: complete, alike, and all in use."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from services.checkout.domain.charge import PendingReason
from services.checkout.web.views import ErrorCode, ProblemView, SessionState
from services.links.dashboard.render import Trouble
from services.links.dashboard.views import InvitationFlaw, SignInFlaw
from services.links.domain.faults import InvitationEnd
from services.links.domain.member import ROLES
from shared.contracts.checkout import FailureReason
from shared.contracts.links import Method, RefusalReason
from shared.web.catalogs import catalog, read_messages
from shared.web.locales import LOCALES

ROOT = Path(__file__).parents[3]
ENGLISH = read_messages("en")
ROOMS = (ROOT / "shared/web", ROOT / "services")
COMPUTED = {
    *(f"gate_{what}" for what in ("wait_guess", "wait_code", "code_wrong", "unavailable")),
    *(f"error_{code}" for code in get_args(ErrorCode)),
    *(f"heading_{state}" for state in get_args(SessionState) if state != "failed"),
    *(f"advice_{state}" for state in ("expired", "abandoned", "under_review", "refunding", "refunded", "charged_back")),
    *(
        f"failure_{reason}_{part}"
        for reason in (*get_args(FailureReason), "transfer_expired")
        for part in ("heading", "advice")
    ),
    *(
        f"refusal_{reason}_{part}"
        for reason in {*get_args(RefusalReason), "closed"} - {"archived", "revoked", "deleted"}
        for part in ("heading", "since", "advice")
    ),
    *(
        f"problem_{kind}_{part}"
        for kind in get_args(ProblemView.__annotations__["kind"])
        for part in ("heading", "advice")
    ),
    *(f"method_{method}" for method in get_args(Method)),
    *(f"pending_{reason}" for reason in get_args(PendingReason)),
    *(f"sign_in_{flaw}" for flaw in get_args(SignInFlaw)),
    *(f"role_{role}" for role in ROLES),
    *(f"invitation_{flaw}" for flaw in get_args(InvitationFlaw)),
    *(f"invitation_{end}_{part}" for end in get_args(InvitationEnd) for part in ("heading", "advice")),
    *(f"dashboard_{trouble}_{part}" for trouble in get_args(Trouble) for part in ("heading", "advice")),
    "ussd_hint",
    "bank_transfer_hint",
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_every_message_with_the_same_placeholders(locale: str) -> None:
    messages = read_messages(locale)
    assert set(messages) == set(ENGLISH)
    for key, text in messages.items():
        assert text.strip() == text != ""
        assert placeholders(text) == placeholders(ENGLISH[key]), key


def test_every_message_is_used() -> None:
    sources = [
        path.read_text("utf-8") for room in ROOMS for end in ("html", "txt", "py") for path in room.rglob(f"*.{end}")
    ]
    named = set(re.findall(r'["\']([a-z0-9_]+)["\']', "\n".join(sources)))
    counted = {f"{key}_{form}" for key in named for form in ("one", "other")}
    assert set(ENGLISH) - named - counted - COMPUTED == set()


def test_every_computed_message_exists() -> None:
    assert COMPUTED - set(ENGLISH) == set()


def test_values_are_escaped_and_counts_follow_the_language() -> None:
    assert catalog("en")("support", email="<b>") == "Questions? Write to &lt;b&gt;"
    assert catalog("fr").count("uses_left", 1) == "Plus que 1 disponible"
    assert catalog("fr").count("uses_left", 2) == "Plus que 2 disponibles"


def test_a_language_that_is_not_ours_is_refused() -> None:
    with pytest.raises(KeyError):
        catalog("de")
