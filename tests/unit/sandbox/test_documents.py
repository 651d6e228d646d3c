import json
from pathlib import Path

from deploy.simulators.sandbox.outcomes import PHONES, TEST_CARDS

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_magic_number_token_and_test_card_is_documented() -> None:
    for ending in PHONES:
        assert f"| {ending} |" in DOCUMENT
    for card in TEST_CARDS:
        assert f"| `{card.token}` | {card.number} |" in DOCUMENT


def test_the_documented_signature_is_the_pinned_one() -> None:
    vector = json.loads((ROOT / "tests" / "golden" / "sandbox_signature.json").read_text(encoding="utf-8"))
    for part in ("secret", "body", "v1"):
        assert vector[part] in DOCUMENT
