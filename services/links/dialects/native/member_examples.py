"""One example of every shape around members, as it travels."""

from typing import Any, Final

from services.links.dialects.native.examples import ORGANIZATION

_AT: Final = "2026-11-21T09:00:00Z"
_TOKEN: Final = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…"  # noqa: S105 - an example, with its end left out
_INVITATION: Final = "pli_3hQk…"

CREATE_MEMBER: Final[dict[str, Any]] = {"email": "amina@kampala-coffee.test", "name": "Amina Okello", "role": "staff"}
PATCH_MEMBER: Final[dict[str, Any]] = {"role": "admin"}
MEMBER: Final[dict[str, Any]] = {
    "id": "01932c09-7a00-7000-8000-00000000000a",
    "email": "amina@kampala-coffee.test",
    "name": "Amina Okello",
    "role": "staff",
    "status": "active",
    "created_at": _AT,
    "joined_at": _AT,
    "invited_until": None,
}
NEW_MEMBER: Final[dict[str, Any]] = {
    **MEMBER,
    "status": "invited",
    "joined_at": None,
    "invited_until": "2026-11-28T09:00:00Z",
    "invitation": _INVITATION,
    "invitation_url": f"https://pay.example.com/dashboard/invitation?token={_INVITATION}",
}
LOGIN: Final[dict[str, Any]] = {"email": "amina@kampala-coffee.test", "password": "three quiet rivers"}
ACCEPT_INVITATION: Final[dict[str, Any]] = {"invitation": _INVITATION, "password": "three quiet rivers"}
CHANGE_PASSWORD: Final[dict[str, Any]] = {
    "current_password": "three quiet rivers",
    "new_password": "seven loud mountains",
}
PASSWORD_CHANGED: Final[dict[str, Any]] = {"changed_at": _AT}
SESSION: Final[dict[str, Any]] = {
    "id": "01932c0a-0000-7000-8000-00000000000b",
    "kind": "token",
    "created_at": _AT,
    "expires_at": "2026-11-21T21:00:00Z",
}
LOGGED_IN: Final[dict[str, Any]] = {
    "token": _TOKEN,
    "session": SESSION,
    "livemode": False,
    "member": MEMBER,
    "organization": ORGANIZATION,
}
ME: Final[dict[str, Any]] = {
    "organization": ORGANIZATION,
    "livemode": False,
    "scopes": ["links:read", "products:read", "organization:read", "charges:read", "members:read"],
    "member": MEMBER,
    "session": SESSION,
}
