"""The native API, as the commands of a merchant use it: the same use cases, scopes and refusals as for every client."""

import os
from typing import Any, NoReturn
from uuid import uuid4

import httpx
import msgspec

from deploy.cli.bus.connect import CliError
from deploy.cli.local import NotRunningError, read_local_file

SECONDS_MAX = 15


class Api:
    """Where and with which key: `--url` or PAYLINKS_URL with PAYLINKS_API_KEY, else the running stack and its test key.

    A key is never an argument, because every user of the machine can read a command line.
    """

    def __init__(self, url: str | None) -> None:
        named = url or os.environ.get("PAYLINKS_URL")
        self.origin, headers = (named, _given_key()) if named else _running()
        if not headers:
            headers = _own_key(self.origin)
        try:
            self._client = httpx.Client(base_url=self.origin, headers=headers, timeout=SECONDS_MAX)
        except UnicodeError:
            raise CliError("PAYLINKS_API_KEY is not a key.") from None
        except (httpx.InvalidURL, ValueError):
            raise CliError(f"'{self.origin}' is not an address such as https://pay.example.com.") from None

    def get(self, path: str, **query: object) -> Any:
        return self._asked("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: object = None) -> Any:
        """Once, however often a network between here and there repeats it."""
        return self._asked("POST", path, json=body, headers={"Idempotency-Key": f"cli-{uuid4()}"})

    def delete(self, path: str) -> Any:
        return self._asked("DELETE", path)

    def listed(self, path: str, *, limit: int, **query: object) -> list[dict[str, Any]]:
        """The newest first, over as many pages as that takes."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(found) < limit:
            page = self.get(path, limit=min(limit - len(found), 100), cursor=cursor, **query)
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def _asked(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = self._client.request(method, path, **request)
        except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise CliError(f"Paylinks does not answer at {self.origin}.") from None
        if not answer.is_success:
            _refuse(answer)
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.MsgspecError:
            raise CliError(f"What answers at {self.origin} is not Paylinks.") from None


def _given_key() -> dict[str, str]:
    """PAYLINKS_API_KEY, else the header that `paylinks env` gives a shell."""
    if key := os.environ.get("PAYLINKS_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    name, _, value = os.environ.get("PAYLINKS_AUTH", "").partition(": ")
    return {name: value} if value else {}


def _running() -> tuple[str, dict[str, str]]:
    local = read_local_file()
    return local["gateway"], _given_key() or local["credentials"]["native"]


def _own_key(origin: str) -> dict[str, str]:
    """The running stack's test key, for that stack alone: no other address gets to see it.

    Raises:
        CliError: it is another address.
    """
    try:
        local = read_local_file()
    except NotRunningError:
        local = {}
    if origin.rstrip("/") != local.get("gateway"):
        raise CliError(f"There is no key for {origin}: set PAYLINKS_API_KEY.")
    return local["credentials"]["native"]


def _refuse(answer: httpx.Response) -> NoReturn:
    try:
        problem: dict[str, Any] = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError:
        problem = {}
    said = [problem.get("title") or f"status {answer.status_code}"]
    if problem.get("field"):
        said.append(f"{problem['field']}: {problem.get('rule', '')}")
    code = problem.get("code") or answer.status_code
    step = f" {problem['next_step']}" if problem.get("next_step") else ""
    raise CliError(f"Refused ({code}): {'; '.join(map(str, said))}.{step}")
