from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.links.dialects.native.wire.account import Email, Organization, Scope

Role = Annotated[
    Literal["owner", "admin", "staff", "viewer"],
    Meta(
        description="owner and admin: everything, and only owners make owners; "
        "staff: links and products; viewer: reading."
    ),
]
LoginKind = Annotated[
    Literal["cookie", "token"],
    Meta(description="cookie: the token also comes as the HttpOnly cookie `session`; token: in the answer only."),
]
MemberName = Annotated[str, Meta(min_length=1, max_length=100)]
NewPassword = Annotated[str, Meta(min_length=10, max_length=256)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
Mode = Annotated[
    bool | None, Meta(description="The mode of the session. Live by default; test on a test-mode installation.")
]


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    email: Email
    password: Password
    kind: LoginKind = "token"
    livemode: Mode = None
    organization_id: UUID | None = None


class AcceptInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`password` becomes yours; if you have one already, it must be that one. `name` only of somebody new."""

    invitation: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Password
    name: MemberName | None = None
    kind: LoginKind = "token"
    livemode: Mode = None


class CreateMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without `password` the answer holds an invitation, which works for a week.

    Nobody mails it: hand its `invitation_url` to the person, who joins at that page.
    """

    email: Email
    name: MemberName
    role: Role
    password: NewPassword | None = None


class PatchMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: MemberName | UnsetType = UNSET
    role: Role | UnsetType = UNSET


class ChangePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every other session of yours ends."""

    current_password: Password
    new_password: NewPassword


class Member(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    email: str
    name: str
    role: Role
    status: Literal["active", "invited"]
    created_at: datetime
    joined_at: datetime | None
    invited_until: datetime | None


class NewMember(Member, frozen=True, kw_only=True):
    """`invitation` and the page to accept it at are shown here and never again; null with a first password."""

    invitation: str | None
    invitation_url: str | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: LoginKind
    created_at: datetime
    expires_at: datetime


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `member` and `session` are null for an API key."""

    organization: Organization
    livemode: bool
    scopes: list[Scope]
    member: Member | None
    session: Session | None


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """`token` goes into `Authorization: Bearer …`. It is shown here and never again."""

    token: str
    session: Session
    livemode: bool
    member: Member
    organization: Organization


class LoggedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The same for a token that is not, or no longer, one of ours."""

    signed_in: bool = False


class PasswordChanged(msgspec.Struct, frozen=True, kw_only=True):
    changed_at: datetime
