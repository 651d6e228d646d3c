import time
from typing import Annotated, Any

import msgspec
import pytest

from shared.kernel.faults import Invalid
from shared.runtime.body import BODY_BYTES_MAX, FIELD_CHARS_MAX, decode


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(max_length=20)]
    pricing: Inner | None = None
    notes: dict[str, str] = {}
    more: Any = None


DECODER = msgspec.json.Decoder(Sample)


def test_a_good_body_is_decoded():
    assert decode(b'{"title":"Tea","pricing":{"amount_minor":5}}', DECODER) == Sample("Tea", Inner(5))


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"title":1}', "title"),
        (b'{"title":"x","pricing":{"amount_minor":"5"}}', "pricing.amount_minor"),
        (b'{"title":"x","pricing":{"amount_minor":0}}', "pricing.amount_minor"),
        (b'{"title":"x","pricing":{"amount_minor":1180591620717411303424}}', "pricing.amount_minor"),
        (b'{"title":"x","pricing":{"amount_minor":1.5}}', "pricing.amount_minor"),
        (b'{"title":"' + b"x" * 21 + b'"}', "title"),
        (b"{}", "title"),
        (b'{"title":"x","pricing":{}}', "pricing.amount_minor"),
        (b'{"titel":"x"}', "titel"),
        (b'{"title":"x","pricing":{"amount":5}}', "pricing.amount"),
        (b'{"title":"x","a\'b`c":5}', "a'b`c"),
        (b'{"title":"x","notes":{"color":1}}', "notes[...]"),
        (b'{"title":"x","more":[{"a":[1,{"b":1,"b":2}]}]}', "more[0].a[1].b"),
        (b'{"title":"a","title":"b"}', "title"),
        (b'{"title":"a","pricing":{"amount_minor":1,"amount_minor":2}}', "pricing.amount_minor"),
        (rb'{"title":"\u001b"}', "title"),
        (rb'{"title":"x","notes":{"\u001b":"x"}}', "notes"),
        (rb'{"title":"x","more":[1,{"a":"\u001b"}]}', "more[1].a"),
    ],
)
def test_the_field_that_is_wrong_is_named_by_its_path(raw, field):
    with pytest.raises(Invalid) as refusal:
        decode(raw, DECODER)
    assert refusal.value.values["field"] == field
    assert refusal.value.values["rule"]


def test_a_field_that_is_missing_and_one_that_nobody_knows_are_told_apart():
    with pytest.raises(Invalid) as missing:
        decode(b"{}", DECODER)
    with pytest.raises(Invalid) as unknown:
        decode(b'{"title":"x","titel":"x"}', DECODER)
    assert missing.value.values == {"field": "title", "rule": "is required"}
    assert unknown.value.values == {"field": "titel", "rule": "cannot be given here"}


def test_what_the_caller_has_sent_is_sent_back_in_part_only():
    for raw in (b'{"' + b"x" * 60_000 + b'":1}', b'{"title":"x","more":{"' + b"y" * 20_000 + b'":{"a":1,"a":2}}}'):
        with pytest.raises(Invalid) as refusal:
            decode(raw, DECODER)
        assert len(refusal.value.values["field"]) == FIELD_CHARS_MAX


def test_many_names_and_deep_objects_are_searched_in_no_time():
    many = ",".join(f'"{name:x}":1' for name in range(6_000))
    deep = '{"a":' * 400 + '{"b":1,"b":2}' + "}" * 400
    began = time.process_time()
    for more in ("{" + many + ',"0":2}', f"[{deep},{{{many}}}]"):
        with pytest.raises(Invalid):
            decode(f'{{"title":"x","more":{more}}}'.encode(), DECODER)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b'{"titel":"x"}',
        b'{"title":"a","title":"b"}',
        b'{"title":"a","pricing":{"amount_minor":1,"amount_minor":2}}',
        rb'{"title":"\u0000"}',
        rb'{"title":"\u001b"}',
        rb'{"title":"\ud800"}',
        b'{"title":"a\x00"}',
        b'{"title":"\x7f"}'.replace(b"\x7f", rb"\u007F"),
        b"[" * 60000,
        b'{"title":"' + b" " * BODY_BYTES_MAX + b'"}',
    ],
)
def test_whatever_else_is_wrong_is_a_refusal_and_nothing_worse(raw):
    with pytest.raises(Invalid):
        decode(raw, DECODER)


def test_an_escaped_letter_is_not_taken_for_a_control_character():
    assert decode(rb'{"title":"\u00e9\u0041"}', DECODER).title == "éA"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (rb'{"title":"\u0000"}', "title"),
        (rb'{"a":{"b":[1,{"c":"x"},{"c":"\u001b"}]}}', "a.b[2].c"),
        (rb'{"a":{"\u0000":1}}', "a"),
        (rb'["\u007f"]', "[0]"),
    ],
)
def test_a_control_character_is_refused_with_the_path_of_its_text(raw, field):
    with pytest.raises(Invalid) as refused:
        decode(raw, msgspec.json.Decoder())
    assert refused.value.values["field"] == field
