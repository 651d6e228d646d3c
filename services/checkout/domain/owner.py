from uuid import UUID

from msgspec import Struct


class Owner(Struct, frozen=True):
    """Whose something is: an organization, in one of its modes."""

    org_id: UUID
    livemode: bool
