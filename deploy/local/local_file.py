from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.addresses import Addresses
from deploy.local.credentials import LocalSecrets
from deploy.local.files import replace_file
from deploy.local.postgres import SERVICES
from deploy.local.simulators import SIMULATORS


class Demo(msgspec.Struct, kw_only=True, omit_defaults=False):
    """What the seed reports of the demo organization, in the shape of local.json."""

    organization_id: str | None = None
    products: list[dict[str, Any]] = []
    plans: list[dict[str, Any]] = []
    credentials: dict[str, dict[str, str]] = {}
    dashboard: dict[str, str] | None = None


class LocalFile:
    """`local.json`: where everything is, for scripts. It is there while the stack is ready, and always true."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: dict[str, Any] | None = None

    def publish(
        self,
        addresses: Addresses,
        *,
        demo: Demo,
        accounts: Sequence[Mapping[str, Any]] = (),
        secrets: LocalSecrets,
        processes: Mapping[str, int],
    ) -> dict[str, Any]:
        """Write it for the first time; what it says."""
        self._content = content = {
            "gateway": addresses.gateway,
            "mailbox": addresses.mailbox,
            "mailbox_json": addresses.mailbox and f"{addresses.mailbox}/mails.json",
            "nats": addresses.nats,
            "postgres": {name: addresses.database(name) for name in SERVICES},
            "organization_id": demo.organization_id,
            "products": demo.products,
            "plans": demo.plans,
            "credentials": demo.credentials,
            "dashboard": demo.dashboard,
            "sandbox": {
                "url": addresses.sandbox,
                "control": {"Authorization": f"Bearer {secrets.sandbox_control_key}"},
            },
            "simulators": {
                one.name: {
                    "url": addresses.simulators[one.name],
                    "control": {"Authorization": f"Bearer {one.secrets_of(secrets.secret_key)('control')}"},
                }
                for one in SIMULATORS
            },
            "provider_accounts": list(accounts),
            "services": dict(addresses.services),
        }
        self.update(processes)
        return content

    def update(self, processes: Mapping[str, int]) -> None:
        """Say which processes run now. Before the stack was ready for the first time there is nothing to say."""
        if self._content is not None:
            content = {**self._content, "processes": {name: [pid] for name, pid in processes.items()}}
            replace_file(self._path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")

    def withdraw(self) -> None:
        self._content = None
        self._path.unlink(missing_ok=True)
