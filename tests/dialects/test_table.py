from tests.dialects.table import README, rows, written


def test_the_table_of_the_dialects_has_a_row_for_each_replayed_example_and_none_that_fails() -> None:
    assert README.read_text() == written([row.line("passes") for row in rows()]), "run `make replay`"
