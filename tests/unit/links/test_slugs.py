import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.domain import slugs
from shared.kernel.faults import Invalid


@given(st.text(min_size=1, max_size=200), st.integers(0, 2**40))
def test_every_title_makes_a_slug_that_would_be_accepted(title: str, seed: int) -> None:
    slug = slugs.from_title(title, seed)
    slugs.check(slug)
    slugs.check(slugs.with_suffix(slug, seed))


@pytest.mark.parametrize(
    ("title", "slug"), [("Invoice #123", "invoice-123"), ("  Café!  crème ", "cafe-creme"), ("x" * 90, "x" * 55)]
)
def test_a_slug_reads_like_its_title(title: str, slug: str) -> None:
    assert slugs.from_title(title, 7) == slug


def test_a_reserved_title_gets_a_suffix() -> None:
    assert slugs.from_title("Sessions", 7).startswith("sessions-")


@pytest.mark.parametrize("slug", [*sorted(slugs.RESERVED), "", "-a", "a-", "A", "a b", "a.b", "é", "a" * 65, "a\n"])
def test_these_are_no_slugs(slug: str) -> None:
    with pytest.raises(Invalid):
        slugs.check(slug)


@pytest.mark.parametrize("slug", ["a", "a-b", "a--b", "0", "a" * 64])
def test_these_are_slugs(slug: str) -> None:
    slugs.check(slug)
