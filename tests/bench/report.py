"""Tables for people, and the same as JSON."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

Cell = str | int | float | None


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was promised. `at_most` turns the promise around."""

    name: str
    value: float
    bar: float
    at_most: bool = False

    @property
    def held(self) -> bool:
        return self.value <= self.bar if self.at_most else self.value >= self.bar


class Table(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = ()


def as_text(table: Table) -> str:
    cells = [list(table.columns), *([_shown(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
    lines = ["  ".join(map(_aligned, row, widths, range(len(widths)))) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    bars = [_bar_text(bar) for bar in table.bars]
    return "\n".join([f"\n{table.title}", "", *lines, "", *bars, *table.notes]).rstrip()


def write_json(tables: Sequence[Table], path: Path, *, about: dict[str, Any]) -> None:
    content = {
        "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        **about,
        "tables": tables,
        "bars": [
            {"table": table.name, **msgspec.structs.asdict(bar), "held": bar.held}
            for table in tables
            for bar in table.bars
        ],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))


def _bar_text(bar: Bar) -> str:
    sign = "<=" if bar.at_most else ">="
    return f"{'held  ' if bar.held else 'MISSED'}  {bar.name}: {bar.value:.2f} ({sign} {bar.bar:g})"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.2f}" if cell < 10 else f"{cell:,.1f}" if cell < 1000 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)
