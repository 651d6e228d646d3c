"""The table of docs/dialects/README.md: what each document shows or says, and whether it holds.

`make replay` runs what is marked `documented` and writes the table. A test compares the rows with the marks, so that
none is added or dropped unseen.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
README = HERE.parents[1] / "docs" / "dialects" / "README.md"
BEGIN, END = "<!-- table: written by `make replay` -->", "<!-- end of the table -->"


class Row(NamedTuple):
    dialect: str
    route: str
    what: str
    test: str

    def line(self, verdict: str) -> str:
        return f"| {self.dialect} | `{self.route}` | {self.what} | {verdict} |"


def rows() -> list[Row]:
    """In the order of the files and of the tests in them."""
    return [row for path in sorted(HERE.glob("test_*_document.py")) for row in _rows_of(path)]


def _rows_of(path: Path) -> Iterator[Row]:
    dialect = path.stem.removeprefix("test_").removesuffix("_document")
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.documented":
                    route, what = (ast.literal_eval(argument) for argument in mark.args)
                    yield Row(dialect, route, what, node.name)


class Verdicts:
    """A plugin of pytest: which tests passed, whatever their parameters."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self.passed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.split("::")[-1].split("[")[0]
        if report.failed:
            self.failed.add(name)
        elif report.when == "call" and report.passed:
            self.passed.add(name)

    def of(self, row: Row) -> str:
        return "passes" if row.test in self.passed - self.failed else "**fails**"


def written(lines: list[str]) -> str:
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    head = ["| dialect | route | documented | |", "|---|---|---|---|"]
    return before + "\n".join([BEGIN, "", *head, *lines, "", END]) + after


def main() -> int:
    verdicts = Verdicts()
    status = pytest.main(["-q", "-m", "documented", "-p", "no:cacheprovider", str(HERE)], plugins=[verdicts])
    README.write_text(written([row.line(verdicts.of(row)) for row in rows()]))
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
