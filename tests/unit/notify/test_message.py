"""Our messages, read back by the standard library's parser, which knows the RFCs."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest

from services.notify.mailers.message import Message, compose, is_address, one_line, phrase, words


def a_message(**over: Any) -> Message:
    values: dict[str, Any] = {
        "message_id": "<1@pay.example>",
        "date": datetime(2027, 3, 5, 11, 5, tzinfo=UTC),
        "from_name": "Kampala Coffee",
        "from_address": "receipts@pay.example",
        "to_address": "buyer@example.com",
        "reply_to": "help@kampala.example",
        "language": "en",
        "subject": "Receipt from Kampala Coffee: UGX 50,000",
        "text": "Paid.\n",
        "html": "<p>Paid.</p>\n",
        "boundary_seed": "0193",
    }
    return Message(**values | over)


def parsed(**over: Any) -> EmailMessage:
    message = message_from_bytes(compose(a_message(**over)), policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    assert part.defects == []
    return part.get_content().replace("\r\n", "\n")


def test_every_header_is_where_mail_programs_look_for_it() -> None:
    message = parsed()
    assert message["Message-ID"] == "<1@pay.example>"
    assert message["Date"].datetime == datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
    assert message["From"] == "Kampala Coffee <receipts@pay.example>"
    assert message["To"] == "buyer@example.com"
    assert message["Reply-To"] == "help@kampala.example"
    assert message["Subject"] == "Receipt from Kampala Coffee: UGX 50,000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "text",
    [
        "plain\n",
        "Reçu · ✓ — naïve ńǵ\n",
        ".\n..\n.dot first\n",
        "From the start\n",
        "=3D is not a code =\n",
        "x" * 5000 + "\n",
        "trailing blanks   \n\ttab\n",
        "🧾" * 300 + "\n",
        "--=_0193\n--=_0193--\nnot the end\n",
    ],
)
def test_any_text_arrives_as_it_was(text: str) -> None:
    message = parsed(text=text, html=text, boundary_seed="other")
    assert body(message, "plain") == text
    assert body(message, "html") == text


def test_no_line_is_longer_than_smtp_allows_and_none_ends_otherwise_than_crlf() -> None:
    raw = compose(a_message(text="é" * 3000, html="x" * 3000, subject="S" * 400, from_name="N" * 300))
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert raw.isascii()


@pytest.mark.parametrize(
    "hostile", ["a\r\nBcc: x@y.test", "a\nBcc: x@y.test", "a\rBcc: x", "a\u2028Bcc: x", "a\x00b", "a\x0bb"]
)
@pytest.mark.parametrize("field", ["subject", "from_name"])
def test_no_name_begins_a_header_of_its_own(field: str, hostile: str) -> None:
    message = parsed(**{field: hostile})
    assert message["Bcc"] is None
    assert len(message.keys()) == 11


@pytest.mark.parametrize(
    "name",
    [
        "Kampala Coffee",
        "Café Kampala",
        'O"Hara, Inc. <x@y>',
        "=?utf-8?b?QQ==?=",
        "日本" * 40,
        "a@b.c",
        "🧾 Shop",
        "x" * 200,
    ],
)
def test_any_name_and_subject_is_read_back_as_it_was(name: str) -> None:
    message = parsed(from_name=name, subject=name)
    assert message["From"].addresses[0].addr_spec == "receipts@pay.example"
    assert message["Subject"] == name
    # The parser above puts a blank between two encoded words of a name, against RFC 2047 section 6.2.
    raw = message_from_bytes(compose(a_message(from_name=name)))["From"]
    assert str(make_header(decode_header(raw))) == f"{name} <receipts@pay.example>"


def test_the_same_message_is_the_same_bytes() -> None:
    assert compose(a_message()) == compose(a_message())


def test_ordinary_subjects_and_names_are_readable_in_the_raw_message() -> None:
    assert words("Receipt from Kampala Coffee: UGX\u00a050,000") == "Receipt from Kampala Coffee: UGX 50,000"
    assert phrase("Kampala Coffee") == "Kampala Coffee"


def test_lone_surrogates_do_not_break_a_mail() -> None:
    assert one_line("a\ud800b") == "a b"


@pytest.mark.parametrize("address", ["a@b.test", "a+b@b.test", "é@b.test", "a@bücher.test", "o'hara@b.test"])
def test_addresses_that_can_be_written_to(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b",
        "a@",
        "a b@c.test",
        "a@b@c",
        "<a@b.test>",
        "a@b.test>",
        "a,b@c.test",
        'a"b@c.test',
        "a\r\n@b.test",
        "a" * 260 + "@b",
    ],
)
def test_what_is_no_address_never_reaches_an_envelope(address: str) -> None:
    assert not is_address(address)
