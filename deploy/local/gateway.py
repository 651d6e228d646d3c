from collections.abc import Mapping
from pathlib import Path

from deploy.local.nats import bundled
from deploy.local.ports import LOOPBACK
from deploy.local.probes import http_answers
from deploy.local.program import PROJECT, Program


def program(data: Path, *, port: int, upstreams: Mapping[str, int]) -> Program:
    """Caddy as the one origin. `upstreams` are the ports of the services by name."""
    return Program(
        name="gateway",
        command=[
            *(bundled("caddy"), "run", "--adapter", "caddyfile"),
            *("--config", str(PROJECT / "deploy" / "caddy" / "Caddyfile")),
        ],
        environment={
            "PAYLINKS_GATEWAY_BIND": LOOPBACK,
            "PAYLINKS_GATEWAY_PORT": str(port),
            **{f"PAYLINKS_UPSTREAM_{name.upper()}": f"{LOOPBACK}:{upstream}" for name, upstream in upstreams.items()},
            "PAYLINKS_DOCS": str(PROJECT / "docs"),
            # Caddy keeps its own files where these say, and never in the home of the person who starts it.
            "XDG_DATA_HOME": str(data),
            "XDG_CONFIG_HOME": str(data),
        },
        is_ready=lambda: http_answers(f"http://{LOOPBACK}:{port}/health"),
    )
