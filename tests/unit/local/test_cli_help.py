"""What `paylinks` says of itself."""

from deploy.generate.cli import cli_page
from tests.support.cli import ended

WITH_AN_EXAMPLE = (
    *("serve", "migrate", "watch", "outbox replay", "clock show", "clock advance", "clock reset"),
    *(f"keys {verb}" for verb in ("list", "create", "rotate", "revoke")),
    *(f"links {verb}" for verb in ("create", "get", "list", "pause", "resume", "archive")),
    *(f"simulate {verb}" for verb in ("duplicate", "reorder", "drop", "buyers")),
)


async def test_without_further_words_every_command_says_what_it_is_for() -> None:
    code, output, errors = await ended(COLUMNS="200")
    assert (code, errors) == (0, "")
    named = {
        line.split()[1]: line.strip("│ ").split(maxsplit=1) for line in output.splitlines() if line.startswith("│")
    }
    assert {"serve", "migrate", "keys", "links", "clock", "simulate", "outbox"} <= set(named)
    assert all(len(words) == 2 for words in named.values()), named


def test_every_command_of_operators_and_merchants_has_an_example() -> None:
    page = cli_page()
    for command in WITH_AN_EXAMPLE:
        _, _, rest = page.partition(f"# paylinks {command}\n")
        assert f"Example: `paylinks {command}" in rest.partition("\n#")[0], command
