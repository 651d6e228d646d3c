import pytest

from shared.runtime.queries import parse


def test_statements_are_found_by_name():
    found = parse("-- name: one\nSELECT 1;\n\n-- name: two\n-- why it is there\nSELECT 2;\n")
    assert found == {"one": "SELECT 1;", "two": "-- why it is there\nSELECT 2;"}


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        parse("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n")
