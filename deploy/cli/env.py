import shlex
import sys

from deploy.cli.local import NotRunningError, read_local_file


def env() -> None:
    """Print the address and a test key of the local stack, for `eval "$(paylinks env)"` in a shell."""
    try:
        local = read_local_file()
    except NotRunningError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    values = {
        "PAYLINKS_URL": local["gateway"],
        "PAYLINKS_AUTH": f"Authorization: {local['credentials']['native']['Authorization']}",
        "PAYLINKS_MAILBOX": local["mailbox"] or "",
        "PAYLINKS_MAILBOX_JSON": local["mailbox_json"] or "",
        "PAYLINKS_ORGANIZATION": local["organization_id"],
    }
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")
