"""How tests are shared among the processes of a run."""

from itertools import groupby

from tests.support.spreading import STACK, company, in_order

RUN = [
    "tests/dialects/test_matrix.py::test_b",
    "tests/e2e/test_main_path.py::test_a",
    "tests/e2e/test_pages_render.py::test_a",
    "tests/e2e/test_refusals.py::test_a",
    "tests/faults/test_kill.py::test_a[links-1]",
    "tests/integration/test_refunds.py::test_b",
    "tests/integration/test_refunds.py::test_a",
    "tests/unit/links/test_slugs.py::test_a",
    "tests/unit/links/test_slugs.py::test_b",
    "tests/unit/links/test_slugs.py::test_c",
]


def test_what_waits_begins_first_what_is_large_next_and_what_is_small_last() -> None:
    begun = [company(RUN[place]) for place in in_order(RUN)]
    assert [one for one, _ in groupby(begun)] == [
        STACK,
        "tests/faults/test_kill.py",
        "tests/integration/test_refunds.py",
        "tests/dialects/test_matrix.py",
        "tests/e2e/test_pages_render.py",
        "tests/unit/links/test_slugs.py",
    ]


def test_every_test_is_run_once_and_those_of_a_file_in_their_order() -> None:
    places = in_order(RUN)
    assert sorted(places) == list(range(len(RUN)))
    assert [place for place in places if "refunds" in RUN[place]] == [5, 6]
