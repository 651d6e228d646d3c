"""Servers from outside: they may be on their way, and what never comes is one sentence."""

import asyncio

import pytest

from deploy.local.external import Outside, require, require_nats
from deploy.local.faults import CannotStartError
from deploy.local.postgres import asks_whether_ready
from deploy.local.probes import smtp_answers, smtp_port
from deploy.local.progress import Progress
from tests.support.certificates import self_signed, server_context


def outside(answers):
    return Outside(
        part="postgres",
        variable="PAYLINKS_POSTGRES_DSN",
        kind="PostgreSQL",
        address="db.example.com:5432",
        answers=answers,
    )


async def greeting(line, *, tls=None):
    """A server that says `line` to whoever connects; its port."""

    async def greet(_, writer):
        writer.write(line)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=tls)
    return server, server.sockets[0].getsockname()[1]


async def test_one_that_comes_later_is_waited_for_and_that_is_told_once(capsys):
    asked = iter([False, False, True])

    async def answers():
        return next(asked)

    await require(outside(answers), progress=Progress(), patience_seconds=10)
    said = capsys.readouterr().out.splitlines()
    assert ["waiting for yours at db.example.com:5432" in line for line in said] == [True, False]
    assert "yours answers" in said[1]


async def test_one_that_never_comes_is_one_sentence_with_its_address_and_its_variable():
    async def answers():
        return False

    with pytest.raises(CannotStartError) as refusal:
        await require(outside(answers), progress=Progress(), patience_seconds=0.1)
    assert str(refusal.value) == (
        "No PostgreSQL server has answered at db.example.com:5432 for 0 s: "
        "start it, correct PAYLINKS_POSTGRES_DSN, or unset it."
    )


def test_the_question_whether_postgresql_is_ready_has_no_password_in_it():
    asks = asks_whether_ready("postgresql://me:hunter2@db.example.com:6432/postgres?sslmode=require")
    assert "postgresql://me@db.example.com:6432/postgres?sslmode=require" in asks
    assert "hunter2" not in " ".join(asks)


async def test_nats_without_jetstream_is_one_sentence():
    server, port = await greeting(b'INFO {"server_id":"N","version":"2.15.0","max_payload":1048576}\r\n')
    async with server:
        with pytest.raises(CannotStartError, match=f"at 127.0.0.1:{port} runs without JetStream"):
            await require_nats(f"nats://me:hunter2@127.0.0.1:{port}", progress=Progress())


async def test_nats_with_jetstream_is_taken():
    server, port = await greeting(b'INFO {"server_id":"N","jetstream":true}\r\n')
    async with server:
        await require_nats(f"nats://127.0.0.1:{port}", progress=Progress())


async def test_a_mail_server_with_tls_from_the_start_is_asked_over_tls(tmp_path):
    tls = server_context(self_signed(tmp_path / "mail.pem"))
    server, port = await greeting(b"220 mail.example.com ESMTP\r\n", tls=tls)
    async with server:
        assert await smtp_answers(f"smtps://me:hunter2@127.0.0.1:{port}")
        assert not await smtp_answers(f"smtp://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("url", "port"),
    [("smtp://mail", 25), ("smtp+starttls://mail", 587), ("smtps://mail", 465), ("smtp://mail:1025", 1025)],
)
def test_a_mail_server_is_asked_at_the_port_of_its_scheme(url, port):
    assert smtp_port(url) == port
