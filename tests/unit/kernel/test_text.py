import pytest

from shared.kernel.text import has_control_characters, looks_like_card_number


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "card 4242 4242 4242 4242 please",
        "5555-5555-5555-4444",
        "378282246310005",
        "4000.0000.0000.0002",
    ],
)
def test_card_numbers_are_recognised_in_free_text(text):
    assert looks_like_card_number(text)


@pytest.mark.parametrize(
    "text", ["Invoice 4242424242424241", "+256 772 123 456", "2026-11-21 10:00:00", "order 123456789012", "", "4242"]
)
def test_other_numbers_are_not_taken_for_cards(text):
    assert not looks_like_card_number(text)


@pytest.mark.parametrize("text", ["\x00", "a\x07b", "x\x7f", "\x1b[31m", "\ud800"])
def test_control_characters_are_found(text):
    assert has_control_characters(text)


def test_lines_tabs_and_any_script_are_fine():
    assert not has_control_characters("Murakoze cyane\n\tأهلا 🎉\r\n")
