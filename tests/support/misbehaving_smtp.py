"""A mail server that fails in every way that RFC 5321 knows and some that it does not, mail by mail, by a dice."""

import asyncio
import random
import re
import ssl
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal

Manner = Literal[
    "good",
    "busy_at_greeting",
    "busy_at_sender",
    "busy_at_recipient",
    "busy_after_content",
    "unknown_user",
    "refused_after_content",
    "gone_before_content",
    "gone_after_content_kept",
    "gone_after_content_lost",
    "hangs_after_content",
    "gone_after_250",
    "nonsense",
]
MANNERS: Final[tuple[Manner, ...]] = Manner.__args__  # type: ignore[attr-defined]
HANG_SECONDS: Final = 60
_ADDRESS: Final = re.compile(rb"<([^>]*)>")


class MisbehavingServer:
    """`kept` are the mails that it took responsibility for, in its own view: recipient and Message-ID.

    Whose mail it kept and never said so is in `unanswered`: nobody else can know of that.
    """

    def __init__(self, *, seed: int, manners: Sequence[Manner], tls: ssl.SSLContext | None = None) -> None:
        self._dice = random.Random(seed)
        self.manners = manners
        self.kept: list[tuple[str, str]] = []
        self.unanswered: set[str] = set()
        self.met: Counter[str] = Counter()
        self.sealed: list[bool] = []
        self._tls = tls
        self.port = 0

    def ids_of(self) -> dict[str, set[str]]:
        """Every Message-ID that each recipient has got."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for recipient, message_id in self.kept:
            found[recipient].add(message_id)
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return
        finally:
            writer.close()

    def throw(self) -> Manner:
        manner = self._dice.choice(self.manners)
        self.met[manner] += 1
        return manner


class _Conversation:
    def __init__(self, server: MisbehavingServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._recipient = ""
        self._manner: Manner = "good"

    async def run(self) -> None:
        if self._server.throw() == "busy_at_greeting":
            await self._say("421 4.3.2 Too busy")
            return
        await self._say("220 mail.example ESMTP")
        while line := await self._reader.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                await self._say("221 2.0.0 Bye")
                return
            if verb == b"STAR":
                await self._say("220 2.0.0 Go on")
                assert self._server._tls is not None
                await self._writer.start_tls(self._server._tls)
                continue
            if not await self._answer(verb, line):
                return

    async def _answer(self, verb: bytes, line: bytes) -> bool:
        """Whether the conversation goes on."""
        match verb:
            case b"EHLO":
                sealed = self._writer.get_extra_info("ssl_object") is not None
                offer = "\r\n250-STARTTLS" if self._server._tls is not None and not sealed else ""
                await self._say(f"250-mail.example{offer}\r\n250 SMTPUTF8")
            case b"MAIL":
                self._manner = self._server.throw()
                self._server.sealed.append(self._writer.get_extra_info("ssl_object") is not None)
                await self._say("450 4.7.1 Slow down" if self._manner == "busy_at_sender" else "250 2.1.0 Fine")
            case b"RCPT":
                return await self._take_recipient(line)
            case b"DATA":
                return await self._take_content()
            case _:
                await self._say("250 2.0.0 Fine")
        return True

    async def _take_recipient(self, line: bytes) -> bool:
        found = _ADDRESS.search(line)
        assert found is not None
        self._recipient = found[1].decode()
        match self._manner:
            case "busy_at_recipient":
                await self._say("451 4.7.1 Greylisted, come back later")
            case "unknown_user":
                await self._say(f"550 5.1.1 <{self._recipient}>: no such user")
            case "gone_before_content":
                return False
            case _:
                await self._say("250 2.1.5 Fine")
        return True

    async def _take_content(self) -> bool:
        await self._say("354 Go on")
        content = await self._reader.readuntil(b"\r\n.\r\n")
        match self._manner:
            case "busy_after_content":
                await self._say("452 4.3.1 Disk full")
            case "refused_after_content":
                await self._say("554 5.7.1 Looks like spam")
            case "nonsense":
                await self._say("299 what")
                return False
            case "gone_after_content_lost":
                return False
            case "gone_after_content_kept":
                self._keep(content)
                self._server.unanswered.add(self._recipient)
                return False
            case "hangs_after_content":
                await asyncio.sleep(HANG_SECONDS)
                return False
            case "gone_after_250":
                self._keep(content)
                await self._say("250 2.0.0 Kept")
                return False
            case _:
                self._keep(content)
                await self._say("250 2.0.0 Kept")
        return True

    def _keep(self, content: bytes) -> None:
        (message_id,) = re.findall(rb"(?im)^Message-ID: (.+?)\r$", content)
        self._server.kept.append((self._recipient, message_id.decode()))

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


@asynccontextmanager
async def misbehaving_server(
    *, seed: int = 1, manners: Sequence[Manner] = MANNERS, tls: ssl.SSLContext | None = None, from_start: bool = False
) -> AsyncGenerator[MisbehavingServer]:
    """With `tls` it offers STARTTLS; `from_start` it speaks nothing else."""
    mine = MisbehavingServer(seed=seed, manners=manners, tls=None if from_start else tls)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await mine._serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if from_start else None)
    mine.port = server.sockets[0].getsockname()[1]
    try:
        yield mine
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
