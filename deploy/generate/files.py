from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, str]
"""Content by path from the project's root."""


def differences(root: Path, files: Files) -> list[str]:
    return [path for path, content in sorted(files.items()) if _read(root / path) != content]


def write(root: Path, files: Files) -> list[str]:
    """Writes what differs; which paths those were."""
    stale = differences(root, files)
    for path in stale:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], "utf-8")
    return stale


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
