from typing import Final
from uuid import UUID

from services.links.dialects.surface.call import Call, any_revision
from services.links.domain.lifecycle import Verb
from services.links.use_cases.change_link import move_link
from shared.kernel.answer import Answer

NO_CONTENT: Final = Answer(status=204, body=b"")


async def move(call: Call, link_id: UUID, verb: Verb, *, answer: Answer = NO_CONTENT) -> Answer:
    """The link is moved whatever its revision, and `answer` says so.

    Raises:
        NotFound, LinkHasEnded.
    """
    told = await move_link(
        call.pg,
        call.actor,
        link_id,
        verb=verb,
        expects=any_revision,
        key=None,
        render=lambda _: answer,
        now=call.now,
    )
    call.surface.wake()
    return told
