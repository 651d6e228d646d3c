import sys
from pathlib import Path

from deploy.local.addresses import Addresses, port_of
from deploy.local.credentials import LocalSecrets
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import SERVICES
from deploy.local.probes import http_answers, smtp_answers
from deploy.local.program import Program
from deploy.local.simulators import SIMULATORS, Simulator
from shared.runtime.secrets import derive

MAIL_FROM = "Paylinks <receipts@paylinks.test>"
CLIENTS_ISSUER = "paylinks-local"


def service_programs(addresses: Addresses, *, secrets: LocalSecrets) -> list[Program]:
    """links, checkout and notify, each one process."""
    return [_service(name, addresses, secrets) for name in SERVICES]


def service_environment(name: str, addresses: Addresses, secrets: LocalSecrets) -> dict[str, str]:
    """What one service is told. Provider keys go to checkout alone, and the mail server to notify alone."""
    shared = {
        "PAYLINKS_HTTP_HOST": LOOPBACK,
        "PAYLINKS_HTTP_PORT": str(port_of(addresses.services[name])),
        "PAYLINKS_POSTGRES_DSN": addresses.database(name),
        "PAYLINKS_NATS_URL": addresses.nats,
        "PAYLINKS_PUBLIC_URL": addresses.gateway,
        "PAYLINKS_SECRET_KEY": secrets.secret_key,
        "PAYLINKS_TEST_MODE": "1",
    }
    own = {
        "links": {
            # Whoever has the root secret could sign these tokens anyway: scripts get one in local.json.
            "PAYLINKS_GATED_JWT_SECRET": derive(secrets.secret_key.encode(), "gated-clients").hex(),
            "PAYLINKS_GATED_JWT_ISSUER": CLIENTS_ISSUER,
        },
        "checkout": {
            "PAYLINKS_SANDBOX_URL": addresses.sandbox,
            "PAYLINKS_SANDBOX_PLATFORM_KEY": secrets.sandbox_platform_key,
            **{one.url_variable: addresses.simulators[one.name] for one in SIMULATORS},
        },
        "notify": {"PAYLINKS_SMTP_URL": addresses.smtp, "PAYLINKS_MAIL_FROM": MAIL_FROM},
    }
    return shared | own.get(name, {})


def sandbox_program(data: Path, *, addresses: Addresses, secrets: LocalSecrets) -> Program:
    return Program(
        name="sandbox",
        command=[sys.executable, "-m", "deploy.simulators.sandbox"],
        environment={
            "PAYLINKS_SANDBOX_PORT": str(port_of(addresses.sandbox)),
            "PAYLINKS_SANDBOX_DATA": str(data),
            "PAYLINKS_SANDBOX_URL": addresses.sandbox,
            "PAYLINKS_SANDBOX_PLATFORM_KEY": secrets.sandbox_platform_key,
            "PAYLINKS_SANDBOX_CONTROL_KEY": secrets.sandbox_control_key,
        },
        is_ready=lambda: http_answers(f"{addresses.sandbox}/health"),
    )


def simulator_program(simulator: Simulator, data: Path, *, url: str, secrets: LocalSecrets) -> Program:
    return Program(
        name=simulator.name,
        command=[sys.executable, "-m", simulator.module],
        environment=simulator.environment(
            port=port_of(url), data=str(data), url=url, secret=simulator.secrets_of(secrets.secret_key)
        ),
        is_ready=lambda: http_answers(f"{url}/health"),
    )


def mailbox_program(data: Path, *, page: str, smtp: str) -> Program:
    async def is_ready() -> bool:
        return await http_answers(f"{page}/health") and await smtp_answers(smtp)

    return Program(
        name="mailbox",
        command=[sys.executable, "-m", "deploy.local.mailbox"],
        environment={
            "PAYLINKS_MAILBOX_DATA": str(data),
            "PAYLINKS_MAILBOX_HTTP_PORT": str(port_of(page)),
            "PAYLINKS_MAILBOX_SMTP_PORT": str(port_of(smtp)),
        },
        is_ready=is_ready,
    )


def _service(name: str, addresses: Addresses, secrets: LocalSecrets) -> Program:
    origin = addresses.services[name]
    return Program(
        name=name,
        command=[sys.executable, "-m", f"services.{name}"],
        environment=service_environment(name, addresses, secrets),
        is_ready=lambda: http_answers(f"{origin}/ready", status_max=299),
    )
