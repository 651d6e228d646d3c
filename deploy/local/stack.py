import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

from deploy.local import gateway, nats, postgres, terminal
from deploy.local.addresses import Addresses, find_addresses, port_of
from deploy.local.child import Child
from deploy.local.connecting import connected_accounts
from deploy.local.credentials import load_or_make_secrets
from deploy.local.external import require_nats, require_postgres, require_smtp
from deploy.local.home import Home, claimed_home, unusable
from deploy.local.local_file import LocalFile
from deploy.local.logs import keep_short
from deploy.local.orphans import adopt_orphans, end_orphans
from deploy.local.ports import require_gateway_port
from deploy.local.postgres_data import prepare_cluster
from deploy.local.postgres_user import find_postgres_user
from deploy.local.program import Program
from deploy.local.progress import Progress
from deploy.local.seeding import seeded_demo
from deploy.local.services import mailbox_program, sandbox_program, service_programs, simulator_program
from deploy.local.settings import LocalSettings
from deploy.local.simulators import SIMULATORS, Simulator
from deploy.local.welcome import welcome

# First nobody new comes in; then the services finish what they have; what they lean on goes last.
STOP_ORDER = (
    ("gateway",),
    ("links", "checkout", "notify"),
    ("sandbox", *(one.name for one in SIMULATORS), "mailbox"),
    ("nats",),
    ("postgres",),
)


async def run(settings: LocalSettings) -> None:
    """Run a whole stack until SIGINT, SIGTERM or SIGHUP.

    Raises:
        CannotStartError: it could not be started; whatever ran of it has been stopped.
    """
    adopt_orphans()
    with claimed_home(settings.home) as home:
        require_gateway_port(settings.port)
        try:
            await Stack(settings, home).run()
        except OSError as error:
            # The disk is full, or something of another kind stands where a file of ours belongs.
            raise unusable(home.root, error) from error


class Stack:
    """All parts of one stack, from the first start to the last stop."""

    def __init__(self, settings: LocalSettings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._progress = Progress()
        self._secrets = load_or_make_secrets(home.secrets_file)
        self._addresses: Addresses = find_addresses(settings, home, self._secrets)
        self._local_file = LocalFile(home.local_file)
        self._children: dict[str, Child] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._watch: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        self._local_file.withdraw()
        self._listen_for_signals()
        self._progress.say(f"Starting Paylinks in {self._home.root}\n")
        try:
            if await self._unless_stopped(self._start()):
                self._keepers.append(asyncio.create_task(keep_short(self._home.logs)))
                await self._unless_stopped(_first_failure(self._keepers))
        finally:
            await self._stop_all()

    async def _start(self) -> None:
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._start_services())
                parts.create_task(self._start_mailbox())
                parts.create_task(self._start_sandbox())
                for simulator in SIMULATORS:
                    parts.create_task(self._start_simulator(simulator))
                parts.create_task(self._start_gateway())
        except BaseExceptionGroup as failure:
            raise _first_cause(failure) from None
        demo = await seeded_demo(self._addresses, secrets=self._secrets)
        self._progress.tell("demo", "ready")
        accounts = await connected_accounts(self._addresses, demo, secrets=self._secrets)
        local = self._local_file.publish(
            self._addresses, demo=demo, accounts=accounts, secrets=self._secrets, processes=self._processes()
        )
        self._progress.say(welcome(local, local_file=str(self._home.local_file)))

    async def _start_services(self) -> None:
        async with asyncio.TaskGroup() as servers:
            servers.create_task(self._start_postgres())
            servers.create_task(self._start_nats())
        async with asyncio.TaskGroup() as services:
            for program in service_programs(self._addresses, secrets=self._secrets):
                services.create_task(self._start_child(program))

    async def _start_postgres(self) -> None:
        server = self._addresses.postgres_server
        if self._settings.postgres_dsn is not None:
            await require_postgres(server, progress=self._progress)
            await postgres.create_databases(server, advice="correct PAYLINKS_POSTGRES_DSN, or unset it")
            return
        user = await find_postgres_user()
        await prepare_cluster(self._home.postgres, password=self._secrets.postgres_password, user=user)
        await self._start_child(postgres.program(self._home.postgres, port=port_of(server), user=user))
        await postgres.create_databases(server, advice="bring back the secrets.json that belongs to this data folder")

    async def _start_nats(self) -> None:
        if self._settings.nats_url is None:
            await self._start_child(nats.program(self._home.nats, port=port_of(self._addresses.nats)))
        else:
            await require_nats(self._settings.nats_url, progress=self._progress)

    async def _start_mailbox(self) -> None:
        if self._addresses.mailbox is not None:
            program = mailbox_program(self._home.mailbox, page=self._addresses.mailbox, smtp=self._addresses.smtp)
            await self._start_child(program)
        else:
            await require_smtp(self._addresses.smtp, progress=self._progress)

    async def _start_sandbox(self) -> None:
        program = sandbox_program(self._home.sandbox, addresses=self._addresses, secrets=self._secrets)
        await self._start_child(program)

    async def _start_simulator(self, simulator: Simulator) -> None:
        data = self._home.simulator(simulator.name)
        data.mkdir(parents=True, exist_ok=True)
        url = self._addresses.simulators[simulator.name]
        await self._start_child(simulator_program(simulator, data, url=url, secrets=self._secrets))

    async def _start_gateway(self) -> None:
        upstreams = {name: port_of(origin) for name, origin in self._addresses.services.items()}
        await self._start_child(gateway.program(self._home.caddy, port=self._settings.port, upstreams=upstreams))

    async def _start_child(self, program: Program) -> None:
        child = Child(
            program,
            log=self._home.logs / f"{program.name}.log",
            progress=self._progress,
            on_restart=self._say_who_runs,
        )
        self._children[program.name] = child
        await child.start()
        self._keepers.append(asyncio.create_task(child.keep()))

    def _say_who_runs(self) -> None:
        try:
            self._local_file.update(self._processes())
        except OSError as error:
            # The disk may be full. What runs is worth more than the file that tells of it.
            self._progress.warn(f"local.json could not be brought up to date ({error}).")

    def _processes(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked_to_stop)
        # The terminal was closed: the end, unless it was started with nohup.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._asked_to_stop)
            self._watch.append(asyncio.create_task(self._stop_when_closed()))

    async def _stop_when_closed(self) -> None:
        await terminal.closed()
        self._stop.set()

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work was done before somebody asked to stop; it is given up then."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            await task
            return True
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return False

    async def _stop_all(self) -> None:
        with suppress(OSError):
            self._local_file.withdraw()
        for task in (*self._keepers, *self._watch):
            task.cancel()
        self._progress.say("\nStopping …")
        for names in STOP_ORDER:
            children = [self._children[name] for name in names if name in self._children]
            await asyncio.gather(*(child.stop(hurry=self._hurry) for child in children))
        end_orphans()
        self._progress.tell("all", "stopped")


def _first_cause(failure: BaseException) -> BaseException:
    """One cause is enough for a person: the others mostly follow from it."""
    while isinstance(failure, BaseExceptionGroup):
        failure = cast("BaseExceptionGroup[BaseException]", failure).exceptions[0]
    return failure


async def _first_failure(keepers: list[asyncio.Task[None]]) -> None:
    """Keepers run for ever, so the first that ends has failed, and says why."""
    done, _ = await asyncio.wait(keepers, return_when=asyncio.FIRST_COMPLETED)
    for keeper in done:
        keeper.result()
