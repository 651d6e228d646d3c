from typing import Final
from uuid import UUID

ABOVE_ALL_IDS: Final = UUID(int=2**128 - 1)
"""Where a list begins that goes from the newest id down."""
