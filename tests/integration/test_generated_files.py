"""The generated files are in step with the code, and are what they say they are."""

import re
from typing import Any

import msgspec
import nats
import pytest
from openapi_spec_validator import validate

from deploy.generate.files import differences
from deploy.generate.schemas import normalised
from deploy.generate.sources import generated
from deploy.local.program import PROJECT
from shared.contracts.catalogue import EVENTS
from shared.contracts.subjects import OWNERS, every, stream_of
from shared.runtime import asyncapi
from shared.runtime.bus_map import QUESTIONS, READERS, WHEN
from shared.runtime.examples import checked_example
from tests.support.servers import Running
from tests.support.stack import Stack


async def test_every_generated_file_is_in_step(postgres_server: Running) -> None:
    files = await generated(postgres_server.url)
    assert differences(PROJECT, files) == [], "run `make generate` and look at what changed"


async def test_the_openapi_documents_are_valid(postgres_server: Running) -> None:
    files = await generated(postgres_server.url)
    for path, content in files.items():
        if path.startswith("docs/openapi/"):
            validate(msgspec.json.decode(content))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_fact_is_described_and_has_an_example_of_its_type(event: type) -> None:
    assert WHEN[event]
    assert msgspec.convert(checked_example(event), event)


def test_every_question_has_examples_of_its_types() -> None:
    for question in QUESTIONS:
        for kind in (question.request, question.reply):
            msgspec.convert(checked_example(kind), kind)


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi.document()
    references = list(_references(document))
    assert len(references) > 100
    for reference in references:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_fact_is_sent_by_its_owner_and_received_by_its_readers() -> None:
    operations = asyncapi.document()["operations"]
    for name, event in EVENTS.items():
        assert operations[f"{event.owner}.publish.{name}"]["action"] == "send"
        for service, events in READERS.items():
            assert (f"{service}.read.{name}" in operations) == (event in events)


def test_a_schema_snapshot_holds_nothing_that_changes_by_itself() -> None:
    dump = (
        "--\n-- PostgreSQL dump\n--\n\n\\restrict aBc\n\nSET a = 1;\n"
        "CREATE TABLE t (\n    id int\n);\n\n\n\n\\unrestrict aBc\n"
    )
    assert normalised(dump) == "CREATE TABLE t (\n    id int\n);\n"


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for part in value.values() for reference in _references(part)]
    if isinstance(value, list):
        return [reference for part in value for reference in _references(part)]
    return []


def test_mermaid_diagrams_name_only_states_and_facts_that_there_are() -> None:
    page = (PROJECT / "docs" / "lifecycles.md").read_text()
    named = {".".join(match) for match in re.findall(r"\((\w+)\.(\w+)\)$", page, re.MULTILINE)}
    assert named <= {name.partition(".")[2] for name in EVENTS}
    assert page.count("```mermaid") == 5


@pytest.mark.stack
async def test_the_services_read_what_the_documents_say_they_read(stack: Stack) -> None:
    client = await nats.connect(stack.local["nats"])
    try:
        read: dict[str, set[str]] = {}
        for owner in OWNERS:
            for consumer in await client.jetstream().consumers_info(stream_of(owner)):
                if consumer.config.durable_name is None:
                    continue  # somebody who watches, and leaves nothing behind
                service, _, _ = consumer.config.durable_name.partition("--")
                read.setdefault(service, set()).update(consumer.config.filter_subjects or [])
    finally:
        await client.close()
    assert read == {service: {every(event) for event in events} for service, events in READERS.items()}
