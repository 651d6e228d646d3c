import msgspec

from deploy.generate.cli import cli_page
from deploy.generate.events import events_page
from deploy.generate.files import Files
from deploy.generate.kubernetes import kubernetes_files
from deploy.generate.lifecycles import lifecycles_page
from deploy.generate.problems import problems_page
from deploy.generate.schemas import schema_of
from deploy.generate.settings import settings_page
from deploy.local.postgres import SERVICES
from services.checkout.web import api_openapi as checkout
from services.checkout.web import api_problems as checkout_problems  # noqa: F401 # pyright: ignore[reportUnusedImport] - it registers
from services.links.app import DIALECTS
from services.links.dialects.native import openapi as links
from services.notify.web import openapi as notify
from shared.runtime import asyncapi


async def generated(postgres_dsn: str) -> Files:
    """Every generated file. `postgres_dsn` is a server where databases may be made and dropped."""
    problems = problems_page()
    return {
        **kubernetes_files(problems),
        "docs/cli.md": cli_page(),
        "docs/asyncapi.json": as_json(asyncapi.document()),
        "docs/events.md": events_page(),
        "docs/lifecycles.md": lifecycles_page(),
        "docs/problems.md": problems,
        "docs/settings.md": settings_page(),
        "docs/openapi/links.json": as_json(links.document()),
        "docs/openapi/checkout.json": as_json(checkout.document()),
        "docs/openapi/notify.json": as_json(notify.document()),
        **{f"docs/openapi/{dialect.name}.json": as_json(dialect.document.render()) for dialect in DIALECTS},
        **{f"services/{service}/schema.sql": await schema_of(postgres_dsn, service) for service in SERVICES},
    }


def as_json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
