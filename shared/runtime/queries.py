"""Named SQL statements, kept in a `.sql` file beside the Python file that runs them.

`-- name: hold_use` starts a statement; it runs to the next name or the end of the file. A test prepares every one of
them against the migrated schema.
"""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


def statements(python_file: str) -> dict[str, str]:
    """The statements of `<python_file>.sql`, by name."""
    return parse(Path(python_file).with_suffix(".sql").read_text())


def parse(text: str) -> dict[str, str]:
    """By name. Raises: ValueError: a name stands twice."""
    parts = _NAME.split(text)[1:]
    named = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    if len(named) * 2 != len(parts):
        raise ValueError("a statement name stands twice")
    return named
