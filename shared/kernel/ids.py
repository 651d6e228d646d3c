"""Identifiers: UUID version 7, so that rows and lists sort by the time they were made (RFC 9562)."""

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["UUID", "new_id"]


def new_id() -> UUID:
    return uuid7()
