"""People who sign in to a links service of the test's own."""

from typing import Any

import httpx

from services.links.domain.member import Role
from services.links.use_cases.enrol_member import enrol_member
from shared.kernel.ids import new_id
from tests.support.links import LinksService, Tenant

PASSWORD = "three quiet rivers"


class Someone:
    """A member with a client that sends their token."""

    def __init__(self, service: LinksService, member_id: str, email: str, password: str) -> None:
        self.service = service
        self.id = member_id
        self.email = email
        self.password = password
        self.client = client_of(service)

    async def sign_in(self, **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(
            "/v1/login", json={"email": self.email, "password": self.password} | fields, headers={"Authorization": ""}
        )
        assert answer.status_code == 201, answer.text
        self.client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return answer.json()


def client_of(service: LinksService) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://links")


async def someone(service: LinksService, tenant: Tenant, role: Role = "owner", email: str | None = None) -> Someone:
    made = await enrol_member(
        service.pg,
        service.app.state.surface.door.passwords,
        org_id=tenant.organization.id,
        email=email or f"{role}-{new_id().hex}@example.com",
        name="Amina Okello",
        role=role,
        now=service.now(),
    )
    person = Someone(service, str(made.member.id), made.member.email, made.password)
    await person.sign_in()
    return person
