import os
import pwd
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.faults import CannotStartError
from deploy.local.program import run_tool

ROOT = 0
# Any number but 0 does: it exists only inside the namespace, where it stands for root outside.
_MAPPED = "1000"
_IN_NAMESPACE = ("unshare", "--user", f"--map-user={_MAPPED}", f"--map-group={_MAPPED}")


@dataclass(frozen=True, slots=True)
class PostgresUser:
    """Who PostgreSQL runs as, since it refuses to run as root; `prefix` goes in front of its commands."""

    uid: int
    prefix: tuple[str, ...] = ()

    def run(self, command: Sequence[str]) -> list[str]:
        return [*self.prefix, *command]

    def own(self, path: Path) -> None:
        """Give it `path` and all that is in it: another kernel setting may have chosen another user the last time.

        Raises:
            CannotStartError: it belongs to somebody else, and may not be given.
        """
        if path.stat().st_uid == self.uid:
            return
        try:
            os.chown(path, self.uid, -1)
            for folder, folders, files in os.walk(path):
                for name in (*folders, *files):
                    os.chown(Path(folder) / name, self.uid, -1, follow_symlinks=False)
        except PermissionError as error:
            raise CannotStartError(
                f"'{path}' belongs to another user: start Paylinks as that user, or set another PAYLINKS_HOME."
            ) from error


async def find_postgres_user() -> PostgresUser:
    """Yourself; for root, itself under another number in a user namespace, or else a system user without rights.

    Raises:
        CannotStartError: this is root, and it may become nobody else.
    """
    uid = os.geteuid()
    if uid != ROOT:
        return PostgresUser(uid)
    if sys.platform == "linux" and shutil.which("unshare") and not (await run_tool([*_IN_NAMESPACE, "true"])).code:
        return PostgresUser(ROOT, _IN_NAMESPACE)
    if sys.platform == "linux" and shutil.which("setpriv"):
        other = _system_user()
        return PostgresUser(other.pw_uid, _as_system_user(other))
    raise CannotStartError(
        "PostgreSQL refuses to run as root, and neither `unshare` nor `setpriv` is here to start it as somebody else: "
        "start Paylinks as an ordinary user, or set PAYLINKS_POSTGRES_DSN to a server of your own."
    )


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as_system_user(user: pwd.struct_passwd) -> tuple[str, ...]:
    """Another user that may still reach a project and a data folder below a closed one, such as /root.

    `no_setuid_fixup` keeps that right in force for access(2), by which PostgreSQL looks for its own programs.
    The change of user takes back the request to die with the parent, so it is made again.
    """
    return (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--pdeathsig=KILL",
    )
