"""Members and their sessions: their part of the table of operations."""

from typing import Final

from services.links.dialects.native import member_examples as examples
from services.links.dialects.native.wire import members
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, Operation, page_example

_MEMBER: Final = "/v1/members/{member_id}"
_PEOPLE: Final = (
    Operation(
        method="post",
        path="/v1/members",
        id="createMember",
        summary="Add somebody with a first password, or invite them",
        scope="members:write",
        status=201,
        body=members.CreateMember,
        body_example=examples.CREATE_MEMBER,
        answer=members.NewMember,
        answer_example=examples.NEW_MEMBER,
        codes=("email_taken",),
    ),
    Operation(
        method="get",
        path="/v1/members",
        id="listMembers",
        summary="List members and who is invited, newest first",
        scope="members:read",
        answer=Page[members.Member],
        answer_example=page_example(examples.MEMBER),
        query=PAGE,
    ),
    Operation(
        method="get",
        path=_MEMBER,
        id="getMember",
        summary="Read a member",
        scope="members:read",
        answer=members.Member,
        answer_example=examples.MEMBER,
    ),
    Operation(
        method="patch",
        path=_MEMBER,
        id="updateMember",
        summary="Change the name or the role",
        scope="members:write",
        body=members.PatchMember,
        body_example=examples.PATCH_MEMBER,
        answer=members.Member,
        answer_example=examples.MEMBER,
        codes=("last_owner",),
    ),
    Operation(
        method="delete",
        path=_MEMBER,
        id="removeMember",
        summary="Remove a member, or withdraw an invitation",
        scope="members:write",
        answer=members.Member,
        answer_example=examples.MEMBER,
        codes=("last_owner",),
    ),
)
_SESSIONS: Final = (
    Operation(
        method="post",
        path="/v1/login",
        id="logIn",
        summary="Sign in with an e-mail address and a password",
        scope=None,
        once=False,
        status=201,
        body=members.Login,
        body_example=examples.LOGIN,
        answer=members.LoggedIn,
        answer_example=examples.LOGGED_IN,
        codes=("sign_in_refused", "other_site"),
    ),
    Operation(
        method="post",
        path="/v1/login/invitation",
        id="acceptInvitation",
        summary="Join by an invitation, and sign in",
        scope=None,
        once=False,
        status=201,
        body=members.AcceptInvitation,
        body_example=examples.ACCEPT_INVITATION,
        answer=members.LoggedIn,
        answer_example=examples.LOGGED_IN,
        codes=("sign_in_refused", "other_site", "invitation_ended"),
    ),
    Operation(
        method="post",
        path="/v1/logout",
        id="logOut",
        summary="End the session whose token is sent",
        scope=None,
        once=False,
        answer=members.LoggedOut,
        answer_example={"signed_in": False},
    ),
    Operation(
        method="get",
        path="/v1/me",
        id="getMe",
        summary="Read who asks: a member or a key",
        scope="organization:read",
        answer=members.Me,
        answer_example=examples.ME,
    ),
    Operation(
        method="post",
        path="/v1/me/password",
        id="changePassword",
        summary="Change your password; your other sessions end",
        scope="organization:read",
        once=False,
        body=members.ChangePassword,
        body_example=examples.CHANGE_PASSWORD,
        answer=members.PasswordChanged,
        answer_example=examples.PASSWORD_CHANGED,
    ),
)
MEMBERS: Final = (*_PEOPLE, *_SESSIONS)
