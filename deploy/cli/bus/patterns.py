from typing import NamedTuple
from uuid import UUID

from deploy.cli.bus.connect import CliError
from shared.contracts.catalogue import EVENTS
from shared.contracts.subjects import OWNERS, VERSION, stream_of


class Source(NamedTuple):
    """What to read of one stream."""

    stream: str
    subject: str


def sources(pattern: str | None, organization: UUID | None) -> list[Source]:
    """The streams and subjects behind `charge.*`, `checkout.charge.succeeded`, `links.>` or a whole NATS subject.

    Raises:
        CliError: no fact that there is could ever match.
    """
    owner, organization_token, entity, fact = _parts(pattern or ">")
    if organization is not None:
        if organization_token not in {"*", str(organization)}:
            raise CliError(f"--org {organization} and --subject {pattern} name two organizations.")
        organization_token = str(organization)
    owners = [one for one in OWNERS if any(_matches(name, (one, entity, fact)) for name in EVENTS)]
    owners = [one for one in owners if owner in {"*", one}]
    if not owners:
        raise CliError(f"No fact matches '{pattern}'. There are: {', '.join(EVENTS)}.")
    return [Source(stream_of(one), f"{one}.evt.{VERSION}.{organization_token}.{entity}.{fact}") for one in owners]


def _parts(pattern: str) -> tuple[str, str, str, str]:
    """(owner, organization, entity, fact), each of them a name or `*`."""
    tokens = pattern.split(".")
    if not all(tokens) or ">" in tokens[:-1]:
        raise CliError(f"'{pattern}' is not a subject: names are joined by single dots, and '>' only ends it.")
    if tokens[1:2] == ["evt"]:
        owner, _, _, organization, entity, fact = _filled(tokens, 6)
        return owner, organization, entity, fact
    if tokens[0] in OWNERS or len(tokens) > 2:  # noqa: PLR2004 - more than `<entity>.<fact>`
        owner, entity, fact = _filled(tokens, 3)
        return owner, "*", entity, fact
    entity, fact = _filled(tokens, 2)
    return "*", "*", entity, fact


def _filled(tokens: list[str], count: int) -> list[str]:
    """`>` and what was left out stand for anything."""
    if len(tokens) > count:
        raise CliError(f"'{'.'.join(tokens)}' has more parts than a fact's subject.")
    named = [part for part in tokens if part != ">"]
    return named + ["*"] * (count - len(named))


def _matches(name: str, wanted: tuple[str, str, str]) -> bool:
    return all(want in {"*", have} for want, have in zip(wanted, name.split("."), strict=True))
