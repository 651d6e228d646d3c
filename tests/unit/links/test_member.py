import pytest

from services.links.domain import member as rules
from services.links.domain.keys import SCOPES
from shared.kernel.faults import Invalid


@pytest.mark.parametrize(
    ("typed", "address"),
    [("Amina@Example.COM ", "amina@example.com"), ("a.b+c@sub.example.co.ug", "a.b+c@sub.example.co.ug")],
)
def test_one_address_is_one_person_however_it_is_typed(typed: str, address: str) -> None:
    assert rules.address_of(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["", "amina", "@example.com", "a@b", "a b@example.com", "a@exa..mple.com", "a@example.com\n.x", "é@example.com",
     "a\x00@example.com", "a" * 65 + "@example.com", "a@" + "b" * 260 + ".com", "a@-example.com"],
)  # fmt: skip
def test_what_is_no_address_is_none(typed: str) -> None:
    assert rules.address_of(typed) is None


@pytest.mark.parametrize(
    "password", ["short", "x" * 257, "aaaaaaaaaaaa", "ababababababab", "Amina@Example.com", "amina@example.com"]
)
def test_a_password_that_anybody_would_guess_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_password("password", password, email="amina@example.com")
    assert refused.value.values["field"] == "password"
    assert password not in str(refused.value.values["rule"])


def test_a_long_phrase_is_a_password() -> None:
    rules.check_password("password", "three quiet rivers", email="amina@example.com")


def test_accents_are_typed_alike_on_every_keyboard() -> None:
    assert rules.typed_alike("caf\u00e9") == rules.typed_alike("cafe\u0301")


def test_a_role_never_has_more_than_the_one_above_it() -> None:
    owner, admin, staff, viewer = (set(rules.scopes_of(role)) for role in rules.ROLES)
    assert owner == admin == set(SCOPES)
    assert viewer < staff < admin
    assert {scope for scope in viewer if scope.endswith(":write")} == set()
    assert {"links:write", "products:write"} <= staff
    assert not {"members:write", "keys:write", "organization:write"} & staff
