"""The compose file tells each service what it reads, and nothing that it does not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from services.checkout.settings import Settings as CheckoutSettings
from services.links.settings import Settings as LinksSettings
from services.notify.settings import Settings as NotifySettings

PROJECT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SETTINGS = {"links": LinksSettings, "checkout": CheckoutSettings, "notify": NotifySettings}


@pytest.mark.parametrize("service", SETTINGS)
def test_each_service_is_told_what_it_needs_and_nothing_else(service: str) -> None:
    told = set(COMPOSE["services"][service]["environment"])
    fields = msgspec.structs.fields(SETTINGS[service])
    known = {f"PAYLINKS_{field.name.upper()}": field.required for field in fields}
    assert told <= set(known)
    assert {name for name, required in known.items() if required} <= told


def test_what_has_no_default_is_in_the_example_to_copy() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    asked = {part.split(":?}")[0] for part in text.split("${")[1:] if ":?}" in part.split("\n")[0]}
    example = (PROJECT / "deploy/docker/env.example").read_text()
    assert asked <= {line.split("=")[0] for line in example.splitlines() if "=" in line and not line.startswith("#")}
    assert asked


def test_every_file_that_is_mounted_or_built_from_exists() -> None:
    mounted = [
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]
    assert mounted
    for path in [*mounted, COMPOSE["x-service"]["build"]["dockerfile"]]:
        assert (PROJECT / path).exists(), path
