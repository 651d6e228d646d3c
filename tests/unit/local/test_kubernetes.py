"""The Kubernetes manifests fit each other, the services' settings and the gateway. Schemas: kubernetes-validate's.

No schemas of CloudNativePG's resources come with it: of those, exactly the fields that are used are listed here.
"""

import re
from typing import Any

import kubernetes_validate
import msgspec
import pytest

from deploy.generate.kubernetes import SECRET, SETTINGS
from deploy.local.program import PROJECT
from tests.support.manifests import BASE, EXAMPLE, config, documents, kustomization, named, of_kind, pods, ports

KUBERNETES = ("1.32", "1.35")
"""The oldest and the newest that they are for: older ones do not know a preStop that sleeps."""
CLUSTER_FIELDS = {
    "instances": int,
    "imageName": str,
    "bootstrap": dict,
    "postgresql": dict,
    "storage": dict,
    "resources": dict,
}
EVERYTHING = [*documents(BASE), *documents(EXAMPLE)]
NATIVE = [one for one in EVERYTHING if not one["apiVersion"].startswith("postgresql.cnpg.io/")]
PODS = {name: (template, container) for name, template, container in pods()}


def names(one: dict[str, Any]) -> str:
    return f"{one['kind']}-{one['metadata']['name']}"


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("one", NATIVE, ids=names)
def test_every_resource_is_as_its_schema_says_and_has_no_other_field(one: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(one, version, strict=True)


def test_a_field_that_no_schema_knows_would_be_found() -> None:
    wrong = named("Deployment", "links")
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


def test_each_database_is_a_cluster_of_three_that_waits_for_a_second_one() -> None:
    clusters = {one["metadata"]["name"]: one["spec"] for one in of_kind("Cluster")}
    assert set(clusters) == {f"postgres-{service}" for service in SETTINGS}
    for name, spec in clusters.items():
        service = name.removeprefix("postgres-")
        assert {field: type(value) for field, value in spec.items()} == CLUSTER_FIELDS
        assert spec["bootstrap"] == {"initdb": {"database": service, "owner": service, "encoding": "UTF8"}}
        assert (spec["instances"], spec["postgresql"]["synchronous"]) == (3, {"method": "any", "number": 1})


@pytest.mark.parametrize("service", SETTINGS)
def test_each_service_is_told_what_it_needs_and_nothing_that_it_does_not_read(service: str) -> None:
    container = PODS[service][1]
    referred = {one["name"] for one in container["env"]}
    plain = config(BASE, service) | config(EXAMPLE, service)
    known = {f"PAYLINKS_{field.name.upper()}": field for field in msgspec.structs.fields(SETTINGS[service])}
    assert referred | set(plain) <= set(known)
    assert not referred & set(plain)
    assert {name for name, field in known.items() if field.required} <= referred | set(plain)
    assert {known[name].name for name in referred} <= SECRET
    assert not {known[name].name for name in plain} & SECRET
    assert container["envFrom"] == [{"configMapRef": {"name": service}}]
    secrets = dict.fromkeys(referred, "k" * 64) | {"PAYLINKS_SMTP_URL": "smtps://mail.example.com"}
    assert SETTINGS[service].from_environment({**plain, **secrets}).nats_replicas == 3


def test_secrets_are_referred_to_and_never_written_down() -> None:
    assert not [one for one in EVERYTHING if one["kind"] == "Secret"]
    asked = set()
    for _, container in PODS.values():
        for one in container.get("env", ()):
            if one["name"].endswith(("_KEY", "_KEYS", "_DSN", "_SECRET", "_URL")):
                asked.add((one["valueFrom"]["secretKeyRef"]["name"], one["valueFrom"]["secretKeyRef"]["key"]))
    text = (PROJECT / "docs/running.md").read_text()
    for secret, key in asked:
        assert secret == "paylinks" or (secret.startswith("postgres-") and key == "uri")
        assert secret != "paylinks" or key in text, f"docs/running.md does not tell of {key}"


@pytest.mark.parametrize("name", PODS)
def test_everything_runs_with_as_few_rights_as_it_can(name: str) -> None:
    pod, container = PODS[name][0]["spec"], PODS[name][1]
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}


def test_what_has_replicas_has_several_and_is_never_emptied() -> None:
    budgets = {one["metadata"]["name"]: one["spec"] for one in of_kind("PodDisruptionBudget")}
    for one in of_kind("Deployment", "StatefulSet"):
        name, spec = one["metadata"]["name"], one["spec"]
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= labels.items()
        if name == "sandbox":
            continue
        assert spec["replicas"] >= 2
        assert budgets[name] == {"maxUnavailable": 1, "selector": spec["selector"]}


@pytest.mark.parametrize("service", SETTINGS)
def test_probes_ask_where_the_service_answers_and_stopping_has_its_time(service: str) -> None:
    template, container = PODS[service]
    assert ports(container) == {"http": int(config(BASE, service)["PAYLINKS_HTTP_PORT"])}
    code = (PROJECT / "shared/runtime/service.py").read_text()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] in ports(container)
        assert f'@get("{asked["path"]}"' in code
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    sleeps = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert template["spec"]["terminationGracePeriodSeconds"] >= sleeps + 5 + 5
    assert container["args"] == ["paylinks", "serve", service]
    assert PODS[f"migrate-{service}"][1]["args"] == ["paylinks", "migrate", service]


def test_services_and_their_ports_lead_to_pods() -> None:
    for one in of_kind("Service"):
        chosen = [
            container
            for template, container in PODS.values()
            if one["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        ]
        assert chosen, names(one)
        for port in one["spec"]["ports"]:
            assert port["targetPort"] in ports(chosen[0]), names(one)


def test_the_gateway_is_told_what_its_file_asks_for() -> None:
    caddyfile = (BASE / "config/Caddyfile").read_text()
    asked = set(re.findall(r"\{\$(PAYLINKS_\w+)", caddyfile))
    container = PODS["gateway"][1]
    told = {one["name"]: one["value"] for one in container["env"] if one["name"].startswith("PAYLINKS_")}
    assert set(told) == asked
    assert int(told["PAYLINKS_GATEWAY_PORT"]) == ports(container)["http"]
    for name, address in told.items():
        if name.startswith("PAYLINKS_UPSTREAM_"):
            host, port = address.split(":")
            assert (host, int(port)) == (name.rpartition("_")[2].lower(), ports(PODS[host][1])["http"])
    assert told["PAYLINKS_GATEWAY_TRUSTED_PROXIES"] == config(BASE, "links")["PAYLINKS_TRUSTED_PROXIES"]


def test_the_buyers_host_shows_buyers_pages_callbacks_and_nothing_of_merchants() -> None:
    caddyfile = (BASE / "config/Caddyfile").read_text()
    routed = " ".join(re.findall(r"^\t@(?:links|checkout|notify) path (.+)$", caddyfile, re.MULTILINE)).split()
    (buyers,) = [one for one in of_kind("Ingress", folder=EXAMPLE) if one["metadata"]["name"] == "buyers"]
    (rule,) = buyers["spec"]["rules"]
    shown = [path["path"] for path in rule["http"]["paths"]]
    for path in shown:
        assert any(route in {path, f"{path}*", f"{path}/*"} for route in routed), path
    assert "/" not in shown
    assert not [path for path in shown if path.startswith(("/v1/payment", "/dashboard", "/v1/api", "/v1/charges"))]
    assert f"https://{rule['host']}" == config(EXAMPLE, "links")["PAYLINKS_PUBLIC_URL"]
    for one in of_kind("Ingress", folder=EXAMPLE):
        for rule in one["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                asked = path["backend"]["service"]
                target = named("Service", asked["name"])
                assert asked["port"]["name"] in {port["name"] for port in target["spec"]["ports"]}


def test_every_file_that_is_named_is_there_and_every_image_gets_a_place() -> None:
    for folder in (BASE, EXAMPLE):
        told = kustomization(folder)
        for resource in told["resources"]:
            assert (folder / resource).exists(), resource
        assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} <= set(told["resources"])
        for made in told["configMapGenerator"]:
            for file in (*made.get("envs", ()), *made.get("files", ())):
                assert (folder / file).is_file(), file
    images = {container["image"] for _, container in PODS.values()}
    assert images == {one["name"] for one in kustomization(EXAMPLE)["images"]}
    generated = {made["name"] for made in kustomization(BASE)["configMapGenerator"]}
    for template, container in PODS.values():
        volumes = {one["name"]: one for one in template["spec"].get("volumes", ())}
        claimed = {"data"} if container["image"] == "nats" else set()
        assert {one["name"] for one in container.get("volumeMounts", ())} <= set(volumes) | claimed
        assert {one["configMap"]["name"] for one in volumes.values() if "configMap" in one} <= generated


def test_nobody_is_let_in_but_by_a_policy_that_names_who() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    kept = set(policies["nobody"]["podSelector"]["matchExpressions"][0]["values"])
    assert kept == {template["metadata"]["labels"]["app.kubernetes.io/name"] for template, _ in PODS.values()}
    assert set(policies["nobody"]) == {"podSelector", "policyTypes"}
    for spec in policies.values():
        for rule in spec.get("ingress", ()):
            assert rule["from"]
            assert rule["ports"]
    private = policies["outside"]["egress"][0]["to"][0]["ipBlock"]["except"]
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(private), "a webhook must not reach inside, nor the cloud's metadata"


def test_nats_keeps_each_fact_on_three_disks_before_it_says_so() -> None:
    text = (BASE / "nats.conf").read_text()
    assert "sync_interval: always" in text
    spec = named("StatefulSet", "nats")["spec"]
    assert (
        text.count("nats-headless:6222") == spec["replicas"] == int(config(BASE, "checkout")["PAYLINKS_NATS_REPLICAS"])
    )
    (mounted,) = [one["mountPath"] for one in PODS["nats"][1]["volumeMounts"] if one["name"] == "data"]
    assert f"store_dir: {mounted}\n" in text
    for name, port in ports(PODS["nats"][1]).items():
        assert f"port: {port}\n" in text, name
