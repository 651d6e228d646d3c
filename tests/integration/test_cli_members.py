"""`paylinks members`: how the first owner of an installation gets in."""

from tests.conftest import Database
from tests.support.cli import ended
from tests.support.links import links_service
from tests.support.members import client_of


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


async def test_a_password_for_nobody_is_refused_in_one_sentence(database: Database) -> None:
    code, output, errors = await ended(
        "members", "password", "nobody@example.com", "--postgres", await database("links")
    )
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert "not_found" in errors
