"""The ceilings we are measured against: the least that could answer the same bytes or write one row.

`python -m tests.bench.ceilings PORT DSN`: GET /bytes/<file> answers what was posted to /files/<file>; POST /insert
writes the body as one row and answers 201 with a small JSON body; POST /insert-reset does so with asyncpg's default
reset of the connection after each request. Same server, same loop, same driver, same settings of the pool as Paylinks.
"""

import sys
from uuid import UUID

import asyncpg
import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar, Request, Response, get, post
from uuid_utils.compat import uuid7

POOL_MAX = 12
TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json"}


async def serve(port: int, dsn: str) -> None:
    async def keep(_: object) -> None:
        """No reset between requests, as in our own pool: the harder ceiling."""

    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=POOL_MAX, reset=keep)
    resetting = await asyncpg.create_pool(dsn, min_size=1, max_size=POOL_MAX)
    await pool.execute("CREATE TABLE IF NOT EXISTS ceiling (id uuid PRIMARY KEY, body bytea NOT NULL)")

    files: dict[str, bytes] = {}

    @get("/bytes/{name:str}")
    async def same_bytes(name: str) -> Response[bytes]:
        return Response(files[name], media_type=TYPES[name[-5:]])

    @post("/files/{name:str}")
    async def take_file(request: Request, name: str) -> None:
        files[name] = await request.body()

    @post("/insert")
    async def insert(request: Request) -> dict[str, UUID]:
        row = uuid7()
        await pool.execute("INSERT INTO ceiling (id, body) VALUES ($1, $2)", row, await request.body())
        return {"id": row}

    @post("/insert-reset")
    async def insert_reset(request: Request) -> dict[str, UUID]:
        row = uuid7()
        await resetting.execute("INSERT INTO ceiling (id, body) VALUES ($1, $2)", row, await request.body())
        return {"id": row}

    server = Server(
        Litestar([same_bytes, take_file, insert, insert_reset], openapi_config=None, logging_config=None),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
        backlog=2048,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
    )
    await server.serve()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
