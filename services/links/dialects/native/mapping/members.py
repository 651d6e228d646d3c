from msgspec import structs

from services.links.dialects.native.mapping.account import organization_out
from services.links.dialects.native.wire import members as wire
from services.links.domain.keys import Actor
from services.links.domain.member import INVITATION_PATH, Login, Member, MemberDraft, SignedIn


def new_member_draft(body: wire.CreateMember) -> MemberDraft:
    return MemberDraft(email=body.email, name=body.name, role=body.role, password=body.password)


def member_draft(body: wire.PatchMember) -> MemberDraft:
    return MemberDraft(name=body.name, role=body.role)


def member_out(member: Member) -> wire.Member:
    return wire.Member(
        id=member.id,
        email=member.email,
        name=member.name,
        role=member.role,
        status="invited" if member.joined_at is None else "active",
        created_at=member.created_at,
        joined_at=member.joined_at,
        invited_until=member.invited_until,
    )


def new_member_out(member: Member, invitation: str | None, *, public_url: str) -> wire.NewMember:
    return wire.NewMember(
        **structs.asdict(member_out(member)),
        invitation=invitation,
        invitation_url=f"{public_url}{INVITATION_PATH}?token={invitation}" if invitation else None,
    )


def session_out(login: Login) -> wire.Session:
    return wire.Session(id=login.id, kind=login.kind, created_at=login.created_at, expires_at=login.expires_at)


def logged_in_out(signed_in: SignedIn) -> wire.LoggedIn:
    return wire.LoggedIn(
        token=signed_in.token,
        session=session_out(signed_in.login),
        livemode=signed_in.login.livemode,
        member=member_out(signed_in.member),
        organization=organization_out(signed_in.organization),
    )


def me_out(actor: Actor, member: Member | None, login: Login | None) -> wire.Me:
    return wire.Me(
        organization=organization_out(actor.organization),
        livemode=actor.livemode,
        scopes=list(actor.scopes),
        member=member_out(member) if member else None,
        session=session_out(login) if login else None,
    )
