"""What the simulators refuse before they do anything."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.simulators.callbacks.faults import Faults, by_faults
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.process.environment import SettingsError
from deploy.simulators.stripe.forms import read_form
from deploy.simulators.stripe.money import check_amount, fee_of, shown
from deploy.simulators.stripe.parameters import CreateEndpoint, CreateRefund, CreateSession, ListSessions
from deploy.simulators.stripe.problems import StripeError
from deploy.simulators.stripe.settings import load_settings as stripe_settings
from deploy.simulators.wave.problems import WaveError
from deploy.simulators.wave.settings import load_settings as wave_settings
from deploy.simulators.wave.wire import read_request

SESSION = {
    "mode": "payment",
    "success_url": "https://x.example",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "1999",
    "line_items[0][price_data][product_data][name]": "Invoice",
}
CALLBACK = Callback(
    event_id="evt_1", payment="cs_1", account="we_1", type="t", url="u", body=b"", created_ms=5, due_ms=5
)


def form(**over: str) -> bytes:
    return urlencode(SESSION | over).encode()


def test_brackets_are_objects_lists_and_maps() -> None:
    asked = read_form(form(**{"metadata[0]": "a", "metadata[order]": "b", "expand[]": "payment_intent"}), CreateSession)
    assert asked.line_items[0].price_data.unit_amount == 1999
    assert asked.metadata == {"0": "a", "order": "b"}
    assert asked.expand == ["payment_intent"]
    endpoint = read_form(b"url=https://x&enabled_events[]=a&enabled_events[]=b", CreateEndpoint)
    assert endpoint.enabled_events == ["a", "b"]
    assert read_form(b"", CreateRefund) == CreateRefund()


@pytest.mark.parametrize(
    ("text", "param"),
    [
        (form(colour="blue"), "colour"),
        (form(**{"line_items[0][price_data][colour]": "blue"}), "line_items[0][price_data][colour]"),
        (form() + b"&mode=payment", "mode"),
        (form(**{"mode[0]": "payment"}), "mode[0]"),
        (form(**{"line_items[7][quantity]": "1"}), "line_items"),
        (form(**{"a[b][c][d][e][f][g]": "1"}), "a[b][c][d][e][f][g]"),
        (form(**{"a]b": "1"}), "a]b"),
        (b"limit=101", "limit"),
    ],
)
def test_a_form_that_is_not_exactly_right_is_refused_by_name(text: bytes, param: str) -> None:
    with pytest.raises(StripeError) as refused:
        read_form(text, CreateSession)
    assert (refused.value.status, refused.value.param) == (400, param)


@pytest.mark.parametrize("text", [b"\xff", b"no equals sign", b"&".join(b"a%d=1" % n for n in range(300)), b"limit=x"])
def test_what_is_no_form_is_refused(text: bytes) -> None:
    with pytest.raises(StripeError):
        read_form(text, ListSessions)


def test_amounts_keep_to_stripes_rules() -> None:
    for amount, currency in [(50, "usd"), (5_000_000, "ugx"), (5_000, "xof"), (12_340, "kwd"), (99_999_999, "usd")]:
        check_amount(amount, currency, param="amount")
    for amount, currency in [(49, "usd"), (5_000_050, "ugx"), (12_341, "kwd"), (100_000_000, "usd"), (0, "xof")]:
        with pytest.raises(StripeError):
            check_amount(amount, currency, param="amount")
    assert [fee_of(10_000, currency) for currency in ("usd", "xof", "ugx")] == [320, 290, 300]
    assert [shown(5_000_000, currency) for currency in ("usd", "xof", "ugx")] == [
        "USD 50,000.00",
        "XOF 5,000,000",
        "UGX 50,000",
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 50_000, b'{"amount":"1","amount":"2"}'])
def test_wave_refuses_what_is_no_object(body: bytes) -> None:
    with pytest.raises(WaveError) as refused:
        read_request(body)
    assert refused.value.status == 400


def test_faults_decide_what_goes_out() -> None:
    def out(**faults: Any) -> list[int | None]:
        return [one.due_ms for one in by_faults([CALLBACK], Faults(**faults), below=lambda n: n - 1)]

    assert out() == [5]
    assert out(callbacks="drop") == [None]
    assert out(callbacks="duplicate", callback_times=3) == [5, 5, 5]
    assert out(callbacks="shuffle", callback_times=2) == [2_004, 2_004]
    assert out(callback_delay_ms=100) == [105]


def test_a_simulator_says_what_of_its_environment_is_wrong(tmp_path: Path) -> None:
    given = {"PORT": "8000", "DATA": str(tmp_path), "URL": "http://x", "CONTROL_KEY": "c" * 16}
    for prefix, key, load in (
        ("PAYLINKS_STRIPE_SIM", "SECRET_KEY", stripe_settings),
        ("PAYLINKS_WAVE_SIM", "API_KEY", wave_settings),
    ):
        environment = {f"{prefix}_{name}": value for name, value in (given | {key: "k" * 16}).items()}
        assert load(environment).port == 8000
        for name in environment:
            with pytest.raises(SettingsError, match=name):
                load(environment | {name: ""})
        with pytest.raises(SettingsError, match="shorter"):
            load(environment | {f"{prefix}_{key}": "short"})


def test_one_process_for_one_folder(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, name="stripe")
    with pytest.raises(SettingsError, match="another simulator uses this folder"):
        DocumentStore(tmp_path, name="stripe")
    store.close()
