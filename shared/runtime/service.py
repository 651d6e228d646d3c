"""The shell of every service: one process, one event loop, HTTP and bus and tickers together.

A service's composition root fills a `Parts` and calls `run`.
"""

import asyncio
import gc
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar, Response, get
from litestar.config.app import AppConfig
from litestar.openapi import OpenAPIConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.kernel.moment import Clock, utc_now
from shared.runtime import logs, outbox, problems, spans
from shared.runtime.bodies import Bodies
from shared.runtime.broker import Broker
from shared.runtime.consumer import Consumer
from shared.runtime.dead import DeadLetters
from shared.runtime.edge import Edge
from shared.runtime.http import BODY_BYTES_MAX, WholeRequest, reading
from shared.runtime.migrate import MigrationChanged, migrate, states
from shared.runtime.movable_clock import MovableClock, answer_clock
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from shared.runtime.relay import Relay
from shared.runtime.settings import ServiceSettings, SettingsError
from shared.runtime.tidy import Tidy
from shared.runtime.unread import reads_to_the_end

# Stopping takes at most 5 s in all: these, and what the broker and the pool allow themselves.
STOP_HTTP_SECONDS: Final = 1.5
STOP_CONSUMERS_SECONDS: Final = 1
STOP_RELAY_SECONDS: Final = 0.7
WAIT_FOR_MIGRATIONS_SECONDS: Final = 1
WAIT_FOR_POSTGRES_SECONDS: Final = 0.5
FILES_OF_OURS: Final = 256
GARBAGE_OBJECTS: Final = 10_000
"""How many new objects bring the garbage collector; Python's 700 cost a payment 3 % of its time."""


class Runtime:
    """What a service is built from; made by `run`, handed to its `build`."""

    def __init__(self, name: str, settings: ServiceSettings, postgres: Postgres, clock: Clock = utc_now) -> None:
        self.name = name
        self.settings = settings
        self.postgres = postgres
        self.clock = clock
        self.wake = Wake()
        self.bodies = Bodies(settings.body_seconds_max)
        self.failed = asyncio.Event()
        self.broker = Broker(settings.nats_url, name, on_closed=self.failed.set, replicas=settings.nats_replicas)


class Parts(msgspec.Struct, kw_only=True):
    """What a service adds: routes, consumers of facts, tickers that run for ever, and what to close at the end.

    `mark_sent`: see Relay.
    """

    route_handlers: Sequence[Any]
    consumers: Sequence[Consumer] = ()
    tickers: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    closers: Sequence[Callable[[], Awaitable[None]]] = ()
    openapi: OpenAPIConfig | None = None
    exception_handlers: dict[type[Exception] | int, Any] = {}
    on_app_init: Sequence[Callable[[AppConfig], AppConfig]] = ()
    tell: problems.Tell | None = None
    mark_sent: str | None = None


def litestar(parts: Parts, *extra: Any, request_class: type[WholeRequest] = WholeRequest) -> Litestar:
    return Litestar(
        [*parts.route_handlers, *extra],
        exception_handlers={**problems.HANDLERS, **parts.exception_handlers},
        openapi_config=parts.openapi,
        request_max_body_size=BODY_BYTES_MAX,
        request_class=request_class,
        on_app_init=list(parts.on_app_init),
        logging_config=None,
    )


def run(
    name: str,
    settings: Callable[[], ServiceSettings],
    migrations: Path,
    build: Callable[[Any], Awaitable[Parts]],
) -> None:
    """Runs the service until it is told to stop (SIGTERM, SIGINT: exit 0) or something essential ended (exit 1)."""
    try:
        values = settings()
    except SettingsError as error:
        sys.exit(f"paylinks {name}: {error}")
    logs.configure(values.log_level, name)
    spans.configure(name, values.otlp_url)
    try:
        code = uvloop.run(_serve(name, values, migrations, build))
    except MigrationChanged as error:
        sys.exit(
            f"paylinks {name}: its database was made by another version, whose migration {error} reads differently. "
            "Run that version, or start with an empty database."
        )
    spans.stop()
    sys.exit(code)


async def _serve(
    name: str, settings: ServiceSettings, migrations: Path, build: Callable[[Runtime], Awaitable[Parts]]
) -> int:
    log = logs.logger("service")
    stopping = _listen_for_the_end()
    if not await _migrated(settings, migrations, stopping, log=log):
        return 0
    postgres = await Postgres.connect(settings.postgres_dsn, name=name, size_max=settings.postgres_pool_max)
    movable = MovableClock() if settings.test_mode else None
    runtime = Runtime(name, settings, postgres, movable or utc_now)
    parts = await build(runtime)
    relay = Relay(settings.postgres_dsn, runtime.broker, runtime.wake, mark_sent=parts.mark_sent)
    DeadLetters(runtime.broker, postgres, parts.consumers)
    # How long the bus may repeat itself is real time, whatever time the domain has.
    tidy = Tidy(postgres, utc_now)
    edge = _edge(runtime, parts, movable)
    server = Server(
        reads_to_the_end(edge),
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
        backlog=2048,
        # Each connection counts, also one that streams or says nothing: with so many, nobody else is let in.
        backpressure=settings.connections_max,
        # To find out which HTTP is spoken, the server would wait for a silent caller's first byte for ever.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
    )
    _spare_the_collector()
    _allow_files(settings.connections_max, log)
    moving = [_moving(movable, runtime.broker)] if movable else []
    runtime.broker.start()
    consuming = [_task(movable.before(one.run) if movable else one.run) for one in parts.consumers]
    relaying = _task(relay.run)
    ticking = [_task(work) for work in (tidy.run, runtime.bodies.run, *moving, *parts.tickers)]
    serving = asyncio.create_task(server.serve(), name="http")
    log.info("service.started", port=settings.http_port)
    waits = [asyncio.create_task(stopping.wait()), asyncio.create_task(runtime.failed.wait())]
    everything = [serving, relaying, *ticking, *consuming, *waits]
    done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if task not in waits and not task.cancelled() and (error := task.exception()):
            log.error("service.worker_died", worker=task.get_name(), exc_info=error)
    # In the order in which work flows: no new requests, then no new facts, then those that they led to, then the rest.
    server.stop()
    await _ended([serving, *ticking], cancel=[*ticking, *waits], seconds=STOP_HTTP_SECONDS)
    for consumer in parts.consumers:
        consumer.drain()
    await _ended(consuming, seconds=STOP_CONSUMERS_SECONDS)
    relay.drain()
    await _ended([relaying], seconds=STOP_RELAY_SECONDS)
    for close in parts.closers:
        await close()
    await runtime.broker.stop()
    await postgres.close()
    return 0 if stopping.is_set() else 1


def _edge(runtime: Runtime, parts: Parts, clock: MovableClock | None) -> Edge:
    return Edge(
        litestar(parts, *_probes(runtime, clock), request_class=reading(runtime.bodies)),
        per_ip_per_second=runtime.settings.rate_per_ip_per_second,
        test_mode=runtime.settings.test_mode,
        trusted_proxies=runtime.settings.proxies(),
        tell=parts.tell,
    )


def _spare_the_collector() -> None:
    """What was built so far lives as long as the process: the collector need not look at it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 20)


def _allow_files(connections_max: int, log: logs.Logger) -> None:
    """As many open files as connections need, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections_max + FILES_OF_OURS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.warning("service.few_files", allowed=allowed, needed=needed)


def _task(work: Callable[[], Coroutine[Any, Any, None]]) -> "asyncio.Task[None]":
    return asyncio.create_task(work(), name=getattr(work, "__qualname__", "worker"))


async def _ended(
    tasks: "Sequence[asyncio.Task[Any]]", *, seconds: float, cancel: "Sequence[asyncio.Task[Any]]" = ()
) -> None:
    """Waits for them, and ends what has not ended by itself."""
    for task in cancel:
        task.cancel()
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()


def _moving(clock: MovableClock, broker: Broker) -> Callable[[], Coroutine[Any, Any, None]]:
    answer_clock(broker, clock)

    async def follow_clock() -> None:
        await clock.follow(broker)

    return follow_clock


def _listen_for_the_end() -> asyncio.Event:
    """From the beginning on: as process 1 of a container, a service that does not listen is not ended by SIGTERM."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def _migrated(settings: ServiceSettings, migrations: Path, stopping: asyncio.Event, *, log: logs.Logger) -> bool:
    """Waits for the database as long as it takes: it may start after us, or be on its way back.

    False: it was told to stop before.
    """
    dsn = settings.postgres_dsn
    while not stopping.is_set():
        try:
            applied: list[str] = []
            if settings.migrate_at_start:
                applied = await migrate(dsn, migrations)
            elif waiting := [one.version for one in await states(dsn, migrations) if one.applied_at is None]:
                log.warning("service.waiting_for_migrations", versions=waiting)
                await _paused(stopping, WAIT_FOR_MIGRATIONS_SECONDS)
                continue
        except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
            log.warning("service.waiting_for_postgres", error=repr(error))
            await _paused(stopping, WAIT_FOR_POSTGRES_SECONDS)
        else:
            if applied:
                log.info("service.migrated", applied=applied)
            return True
    return False


async def _paused(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


def _probes(runtime: Runtime, clock: MovableClock | None) -> list[Any]:
    @get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @get("/ready", include_in_schema=False)
    async def ready() -> Response[dict[str, bool]]:
        answers = {"postgres": await runtime.postgres.answers(), "nats": runtime.broker.connected}
        if clock is not None:
            answers["clock"] = clock.known.is_set()
        return Response(answers, status_code=200 if all(answers.values()) else 503)

    @get("/metrics", include_in_schema=False)
    async def metrics() -> Response[bytes]:
        await outbox.measure(runtime.postgres, runtime.clock())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [health, ready, metrics]
