"""Time is passed in: no statement of a service asks the database for it, whose clock nobody can move."""

import re
from pathlib import Path

SERVICES = Path(__file__).parents[3] / "services"
_ASKS = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\bcurrent_(timestamp|date|time)\b"
    r"|\blocaltime(stamp)?\b",
    re.IGNORECASE,
)


def test_no_statement_of_a_service_asks_the_database_for_the_time() -> None:
    statements = sorted(SERVICES.glob("*/store/**/*.sql"))
    assert len(statements) > 20
    asking = [
        f"{path.relative_to(SERVICES)}: {found[0]}" for path in statements for found in _ASKS.finditer(path.read_text())
    ]
    assert asking == []


def test_no_column_of_a_service_is_filled_with_the_time_of_the_database() -> None:
    filled = [
        f"{path.relative_to(SERVICES)}: {line.strip()}"
        for path in sorted(SERVICES.glob("*/migrations/*.sql"))
        for line in path.read_text().splitlines()
        if "DEFAULT" in line.upper() and _ASKS.search(line.split("--", 1)[0])
    ]
    assert filled == []
