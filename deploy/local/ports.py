import errno
import random
import socket
from collections.abc import Iterable
from pathlib import Path

import msgspec

from deploy.local.faults import CannotStartError
from deploy.local.files import replace_file

LOOPBACK = "127.0.0.1"
# Below the range of outgoing ports: a connection could otherwise sit on a server's port while it restarts.
CHOSEN_FROM = range(20_000, 30_000)
_RememberedPorts = dict[str, int]


def choose_ports(names: Iterable[str], remembered_at: Path) -> dict[str, int]:
    """A free port for each name: the one it had before when that is still free, and any other otherwise."""
    remembered = _remembered(remembered_at)
    chosen: dict[str, int] = {}
    for name in names:
        before = remembered.get(name)
        if before is None or before in chosen.values() or not is_free(before):
            before = _any_free(taken=set(chosen.values()) | set(remembered.values()))
        chosen[name] = before
    replace_file(remembered_at, msgspec.json.encode(remembered | chosen))
    return chosen


def require_gateway_port(port: int) -> None:
    """Raises CannotStartError when nothing can listen on the gateway's port."""
    reason = _refusal(port)
    if reason == errno.EADDRINUSE:
        raise CannotStartError(
            f"Port {port} is taken by another program: stop that one, or choose another port with PAYLINKS_PORT."
        )
    if reason == errno.EACCES:
        raise CannotStartError(
            f"Port {port} needs more rights than you have: choose one above 1023 with PAYLINKS_PORT."
        )


def is_free(port: int) -> bool:
    return _refusal(port) == 0


def _refusal(port: int) -> int:
    """The errno of listening on `port`, 0 when it works. Asked first, since Caddy and Granian share ports silently."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0


def _remembered(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_RememberedPorts)
    except (OSError, msgspec.DecodeError):
        # A lost memory costs nothing but other port numbers.
        return {}


def _any_free(*, taken: set[int]) -> int:
    for port in random.sample(CHOSEN_FROM, k=len(CHOSEN_FROM)):
        if port not in taken and is_free(port):
            return port
    raise CannotStartError(f"No port from {CHOSEN_FROM.start} to {CHOSEN_FROM.stop - 1} is free: stop some programs.")
