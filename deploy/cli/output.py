"""How commands print what they found: for people on a terminal, for programs into a pipe."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

CELL_CHARS_MAX = 60


def as_json(*, asked: bool | None) -> bool:
    """What `--json` and `--no-json` say, else whether the output is a pipe."""
    return not sys.stdout.isatty() if asked is None else asked


def print_json(value: Any) -> None:
    """One line."""
    print(msgspec.json.encode(value).decode())


def print_table(rows: Sequence[Mapping[str, object]]) -> None:
    """Columns by the first row's keys; control characters of what others wrote do not reach the terminal."""
    if not rows:
        return
    cells = [[*rows[0]], *([_cell(row.get(name)) for name in rows[0]] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    text = "-" if value is None else str(value)
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= CELL_CHARS_MAX else plain[: CELL_CHARS_MAX - 1] + "…"
