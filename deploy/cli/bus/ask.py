from typing import Any

import msgspec
from nats.errors import Error as NatsError

from deploy.cli.bus.connect import CliError, connected, nats_url

ANSWER_SECONDS_MAX = 5.0


async def ask(
    subject: str, question: msgspec.Struct, answer: Any, *, url: str | None, seconds: float = ANSWER_SECONDS_MAX
) -> Any:
    """What the service that owns the subject answers, decoded as `answer`.

    Raises:
        CliError: it does not.
    """
    owner = subject.split(".", 1)[0]
    async with connected(nats_url(url)) as client:
        try:
            message = await client.request(subject, msgspec.json.encode(question), timeout=seconds)
            return msgspec.json.decode(message.data, type=answer)
        except (NatsError, TimeoutError, msgspec.MsgspecError):
            raise CliError(f"No answer from {owner}.") from None
