"""Reads forms such as `line_items[0][price_data][currency]=usd`: each name once, not too deep, nothing unknown."""

import re
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from deploy.simulators.stripe.problems import refused

FIELDS_MAX = 200
DEPTH_MAX = 6
_NAME = re.compile(r"([A-Za-z0-9_]{1,64})((?:\[[A-Za-z0-9_. -]{0,64}\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$(.*)`)?")
_MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `\$(.*)`)?")
_PLACE = re.compile(r" - at `\$(.*)`$")
Form = TypeVar("Form", bound=msgspec.Struct)


def read_form(text: bytes, kind: type[Form]) -> Form:
    """Raises: StripeError: 400 for whatever is not exactly one `kind`, with the parameter's name in `param`."""
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, strict_parsing=bool(text), max_num_fields=FIELDS_MAX)
    except ValueError:
        raise refused("Invalid request: the body is not a form.") from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _plant(tree, name, value)
    try:
        return msgspec.convert(_with_lists(tree), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None


def _plant(tree: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None:
        raise refused(f"Invalid parameter name: {name[:80]}", code="parameter_unknown", param=name[:80])
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > DEPTH_MAX:
        raise refused(f"Too many brackets: {name[:80]}", param=name[:80])
    here = tree
    for position, part in enumerate(path[:-1]):
        # `name[]` counts by itself, as in enabled_events[].
        inner = here.setdefault(part or str(len(here)), {})
        if not isinstance(inner, dict):
            raise refused(f"Invalid parameter: {'.'.join(path[: position + 1])} is used in two ways", param=name[:80])
        here = cast("dict[str, Any]", inner)
    last = path[-1] or str(len(here))
    if last in here:
        raise refused(f"Received the parameter twice: {name[:80]}", param=name[:80])
    here[last] = value


def _with_lists(node: Any, name: str = "") -> Any:
    """`{"0": a, "1": b}` is a list; metadata never is."""
    if not isinstance(node, dict):
        return node
    children = cast("dict[str, Any]", node)
    if name != "metadata" and children and set(children) == {str(n) for n in range(len(children))}:
        return [_with_lists(children[str(n)]) for n in range(len(children))]
    return {key: _with_lists(child, key) for key, child in children.items()}


def _explained(text: str) -> Exception:
    if unknown := _UNKNOWN.match(text):
        name = _bracketed(unknown[2], unknown[1])
        return refused(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    if missing := _MISSING.match(text):
        name = _bracketed(missing[2], missing[1])
        return refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    place = _PLACE.search(text)
    name = _bracketed(place[1] if place else None, None)
    code = "parameter_invalid_integer" if "`int`" in text.split(" - at ", maxsplit=1)[0] else None
    return refused(f"Invalid value for {name}: {text.split(' - at ', maxsplit=1)[0]}", code=code, param=name)


def _bracketed(place: str | None, last: str | None) -> str:
    """`.line_items[0].price_data` and `currency` as `line_items[0][price_data][currency]`."""
    parts = [part for part in re.split(r"\.|(?=\[)", place or "") if part] + ([last] if last else [])
    return "".join(part if n == 0 or part.startswith("[") else f"[{part}]" for n, part in enumerate(parts))
