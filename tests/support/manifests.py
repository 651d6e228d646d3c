"""The manifests of deploy/kubernetes as plain objects; what kustomize puts in, tests look at where it comes from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2] / "deploy/kubernetes"
BASE, EXAMPLE = ROOT / "base", ROOT / "example"


def documents(folder: Path) -> list[dict[str, Any]]:
    """Every resource of a folder, without its kustomization."""
    files = sorted(path for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
    return [document for path in files for document in yaml.safe_load_all(path.read_text())]


def kustomization(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def config(folder: Path, name: str) -> dict[str, str]:
    """What a generated ConfigMap of settings holds."""
    (made,) = [one for one in kustomization(folder)["configMapGenerator"] if one["name"] == name]
    lines = [line for file in made.get("envs", ()) for line in (folder / file).read_text().splitlines()]
    lines += made.get("literals", ())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def of_kind(*kinds: str, folder: Path = BASE) -> list[dict[str, Any]]:
    return [one for one in documents(folder) if one["kind"] in kinds]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in of_kind(kind) if one["metadata"]["name"] == name]
    return found


def pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, pod template, its only container) of everything that runs."""
    for one in of_kind("Deployment", "StatefulSet", "Job"):
        template = one["spec"]["template"]
        (container,) = template["spec"]["containers"]
        yield one["metadata"]["name"], template, container


def ports(container: dict[str, Any]) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container.get("ports", ())}
