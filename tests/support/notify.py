"""notify as a process of its own."""

import base64
import sys
from pathlib import Path

from deploy.local.probes import http_answers
from deploy.local.program import Program
from tests.support.processes import Server, free_port


def notify_service(*, dsn: str, nats_url: str, smtp_url: str, folder: Path, crash: str = "") -> Server:
    """Not yet started. `crash` names the place where it dies, see shared.runtime.crash."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = Program(
        name="notify",
        command=[sys.executable, "-m", "services.notify"],
        environment={
            "PAYLINKS_HTTP_PORT": str(port),
            "PAYLINKS_POSTGRES_DSN": dsn,
            "PAYLINKS_NATS_URL": nats_url,
            "PAYLINKS_PUBLIC_URL": "https://pay.example",
            "PAYLINKS_SECRET_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_SMTP_URL": smtp_url,
            "PAYLINKS_MAIL_FROM": "Paylinks <receipts@pay.example>",
            "PAYLINKS_CRASH": crash,
        },
        is_ready=lambda: http_answers(f"{url}/ready", status_max=200),
    )
    return Server(program, url=url, log=folder / "notify.log")
