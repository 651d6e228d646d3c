"""Facts as they come off the bus: headers and bytes into a `Received`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import envelope
from shared.contracts.catalogue import EVENTS
from shared.contracts.envelope import Received

_DECODERS: Final = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}


class Undecodable(Exception):  # noqa: N818 - says what it is
    """The message is not one of our facts; trying again cannot help."""


def decode_parts(headers: Mapping[str, str], body: bytes) -> Received:
    """The fact in a message.

    Raises:
        Undecodable: a header is missing, the type is unknown, or the body is not of that type.
    """
    try:
        name = headers[envelope.TYPE]
        sequence = headers.get(envelope.SEQUENCE)
        return Received(
            id=UUID(headers[envelope.ID]),
            type=name,
            at=datetime.fromisoformat(headers[envelope.TIME]),
            sequence=int(sequence) if sequence else None,
            traceparent=headers.get(envelope.TRACEPARENT),
            event=_DECODERS[name].decode(body),
        )
    except (KeyError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Undecodable(repr(error)) from error
