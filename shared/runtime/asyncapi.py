"""The AsyncAPI 3.0 document of the whole bus (https://www.asyncapi.com/docs/reference/specification/v3.0.0).

Made from the contracts alone. FastStream's own generator knows neither JetStream consumers of ours nor the headers,
and fails on Structs.
"""

import inspect
from typing import Any, Final

import msgspec

from shared.contracts import envelope
from shared.contracts.catalogue import EVENTS
from shared.contracts.envelope import Event
from shared.contracts.subjects import VERSION, stream_of
from shared.runtime.bus_map import QUESTIONS, READERS, WHEN, Question
from shared.runtime.examples import checked_example

_REF: Final = "#/components/schemas/{name}"
_HEADERS: Final = "EventHeaders"
_REQUEST_HEADERS: Final = "RequestHeaders"


def document() -> dict[str, Any]:
    types = [*EVENTS.values(), *(part for question in QUESTIONS for part in (question.request, question.reply))]
    payloads, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(repr, types), payloads, strict=True))
    return {
        "asyncapi": "3.0.0",
        "id": "urn:paylinks:bus",
        "info": {
            "title": "Paylinks bus",
            "version": VERSION,
            "description": "Facts in JetStream (streams LINKS, CHECKOUT and NOTIFY; CloudEvents 1.0 in binary mode: "
            "the attributes are NATS headers) and questions by request and reply.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"nats": {"host": "localhost:4222", "protocol": "nats", "description": "NATS with JetStream"}},
        "channels": {
            **{name: _fact_channel(name, event) for name, event in EVENTS.items()},
            **{key: value for question in QUESTIONS for key, value in _question_channels(question).items()},
        },
        "operations": {
            **{f"{event.owner}.publish.{name}": _operation("send", name) for name, event in EVENTS.items()},
            **{
                f"{service}.read.{envelope.type_of(event)}": _operation("receive", envelope.type_of(event))
                for service, events in READERS.items()
                for event in events
            },
            **{key: value for question in QUESTIONS for key, value in _question_operations(question).items()},
        },
        "components": {
            "schemas": {**schemas, _HEADERS: _event_headers(), _REQUEST_HEADERS: _request_headers()},
            "messages": {
                **{name: _fact_message(name, event, schema_of[repr(event)]) for name, event in EVENTS.items()},
                **{
                    key: value
                    for question in QUESTIONS
                    for key, value in _question_messages(question, schema_of).items()
                },
            },
            "parameters": {"organization": {"description": "Id of the organization (UUID) that the fact belongs to."}},
        },
    }


def details_of(event: type[Event]) -> str:
    """What its docstring says, and that of the facts like it."""
    texts = [kind.__dict__.get("__doc__") for kind in event.__mro__ if issubclass(kind, Event) and kind is not Event]
    return " ".join(" ".join(inspect.cleandoc(text).split()) for text in texts if text)


def _fact_channel(name: str, event: type[Event]) -> dict[str, Any]:
    return {
        "address": f"{event.owner}.evt.{VERSION}.{{organization}}.{event.entity}.{event.fact}",
        "title": name,
        "description": f"{WHEN[event]} In stream {stream_of(event.owner)}.",
        "messages": {name: _ref("components/messages", name)},
        "parameters": {"organization": _ref("components/parameters", "organization")},
        "tags": [{"name": event.owner}],
    }


def _fact_message(name: str, event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    headers = {
        envelope.MSG_ID: "01930000-0000-7000-8000-0000000000ff",
        envelope.SPECVERSION: "1.0",
        envelope.ID: "01930000-0000-7000-8000-0000000000ff",
        envelope.TYPE: name,
        envelope.SOURCE: f"paylinks/{event.owner}",
        envelope.TIME: "2027-03-05T11:05:00.000Z",
        envelope.SUBJECT: "01930000-0000-7000-8000-000000000002",
        envelope.SEQUENCE: "1",
    }
    return {
        "name": name,
        "title": event.__name__,
        "summary": WHEN[event],
        **({"description": details} if (details := details_of(event)) else {}),
        "headers": _ref("components/schemas", _HEADERS),
        "payload": payload,
        "examples": [{"name": name, "headers": headers, "payload": checked_example(event)}],
    }


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": _ref("channels", channel),
        "messages": [_ref(f"channels/{channel}/messages", channel)],
    }


def _question_channels(question: Question) -> dict[str, Any]:
    asked, answered = f"{question.name}.request", f"{question.name}.reply"
    return {
        question.name: {
            "address": question.subject,
            "title": question.name,
            "description": question.summary,
            "messages": {asked: _ref("components/messages", asked)},
            "tags": [{"name": question.owner}],
        },
        # NATS makes the address of an answer up for each question.
        answered: {"address": None, "messages": {answered: _ref("components/messages", answered)}},
    }


def _question_messages(question: Question, schema_of: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        f"{question.name}.{part}": {
            "name": f"{question.name}.{part}",
            "summary": question.summary,
            "headers": _ref("components/schemas", _REQUEST_HEADERS),
            "payload": schema_of[repr(kind)],
            "examples": [{"name": part, "payload": checked_example(kind)}],
        }
        for part, kind in (("request", question.request), ("reply", question.reply))
    }


def _question_operations(question: Question) -> dict[str, Any]:
    asked, answered = f"{question.name}.request", f"{question.name}.reply"
    common = {
        "channel": _ref("channels", question.name),
        "messages": [_ref(f"channels/{question.name}/messages", asked)],
        "reply": {
            "address": {"location": "$message.header#/reply", "description": "The reply subject of NATS."},
            "channel": _ref("channels", answered),
            "messages": [_ref(f"channels/{answered}/messages", answered)],
        },
    }
    return {
        f"{question.asked_by}.ask.{question.name}": {"action": "send", **common},
        f"{question.owner}.answer.{question.name}": {"action": "receive", **common},
    }


def _event_headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "title": "CloudEvents 1.0 attributes",
        "type": "object",
        "properties": {
            envelope.MSG_ID: {**text, "format": "uuid", "description": "Equals ce-id; the stream drops repetitions."},
            envelope.SPECVERSION: {"const": "1.0"},
            envelope.ID: {**text, "format": "uuid", "description": "The same at every delivery of this fact."},
            envelope.TYPE: {**text, "enum": list(EVENTS)},
            envelope.SOURCE: {**text, "description": "paylinks/<service>"},
            envelope.TIME: {**text, "format": "date-time"},
            envelope.SUBJECT: {**text, "format": "uuid", "description": "The link; absent where there is none."},
            envelope.SEQUENCE: {
                **text,
                "pattern": "^[0-9]+$",
                "description": "Counts the owner's facts about this link from 1, without gaps.",
            },
            envelope.TRACEPARENT: {**text, "description": "W3C trace context of what caused it."},
        },
        "required": [
            envelope.MSG_ID,
            envelope.SPECVERSION,
            envelope.ID,
            envelope.TYPE,
            envelope.SOURCE,
            envelope.TIME,
        ],
    }


def _request_headers() -> dict[str, Any]:
    return {"type": "object", "properties": {envelope.TRACEPARENT: {"type": "string"}}}


def _ref(*parts: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(parts)}
