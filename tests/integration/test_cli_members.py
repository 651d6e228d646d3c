"""`paylinks members`: how the first owner of an installation gets in."""

import pytest

from tests.conftest import Database
from tests.support.cli import ended
from tests.support.links import links_service
from tests.support.members import PASSWORD, client_of, someone


async def test_an_operator_adds_an_owner_and_gives_a_new_password(database: Database) -> None:
    dsn = await database("links")
    async with links_service(dsn) as service:
        tenant = await service.tenant()
        arguments = ["Amina@Example.com", "--organization", str(tenant.organization.id), "--name", "Amina Okello"]
        code, output, errors = await ended("members", "add", *arguments, "--postgres", dsn)
        assert (code, errors) == (0, "")
        first = dict(line.split() for line in output.splitlines())["password"]
        client = client_of(service)
        body = {"email": "amina@example.com", "password": first}
        assert (await client.post("/v1/login", json=body)).json()["member"]["role"] == "owner"
        code, output, errors = await ended("members", "add", *arguments, "--postgres", dsn)
        assert (code, output, "email_taken" in errors) == (1, "", True)
        code, second, _ = await ended("members", "password", "amina@example.com", "--postgres", dsn)
        assert code == 0
        assert (await client.post("/v1/login", json=body)).status_code == 401
        body = body | {"password": second.strip()}
        assert (await client.post("/v1/login", json=body)).status_code == 201


@pytest.mark.parametrize("planted", ["password", "invitation"])
async def test_who_knew_an_address_first_does_not_come_in_with_it(database: Database, planted: str) -> None:
    """An owner elsewhere chooses the password of somebody new, or holds the invitation that lets them choose it."""
    dsn = await database("links")
    async with links_service(dsn) as service:
        attacker, corp = await someone(service, await service.tenant()), await service.tenant()
        body = {"email": "cfo@corp.example", "name": "Whoever", "role": "viewer"}
        body |= {"password": PASSWORD} if planted == "password" else {}
        made = (await attacker.client.post("/v1/members", json=body)).json()
        arguments = ["cfo@corp.example", "--organization", str(corp.organization.id), "--name", "Grace Auma"]
        code, output, _ = await ended("members", "add", *arguments, "--postgres", dsn)
        assert code == 0
        client = client_of(service)
        if planted == "invitation":
            accepted = {"invitation": made["invitation"], "password": PASSWORD}
            assert (await client.post("/v1/login/invitation", json=accepted)).status_code == 401
        come_in = {"email": "cfo@corp.example", "password": PASSWORD, "organization_id": str(corp.organization.id)}
        assert (await client.post("/v1/login", json=come_in)).status_code == 401
        own = come_in | {"password": dict(line.split() for line in output.splitlines())["password"]}
        assert (await client.post("/v1/login", json=own)).json()["member"]["role"] == "owner"


async def test_a_password_for_nobody_is_refused_in_one_sentence(database: Database) -> None:
    code, output, errors = await ended(
        "members", "password", "nobody@example.com", "--postgres", await database("links")
    )
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert "not_found" in errors
