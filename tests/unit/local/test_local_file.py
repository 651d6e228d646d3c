import json
import threading

import pytest

from deploy.local.addresses import Addresses
from deploy.local.credentials import load_or_make_secrets
from deploy.local.files import replace_file
from deploy.local.local_file import Demo, LocalFile
from deploy.local.simulators import SIMULATORS

ADDRESSES = Addresses(
    gateway="http://127.0.0.1:8080",
    services={"links": "http://127.0.0.1:1", "checkout": "http://127.0.0.1:2", "notify": "http://127.0.0.1:3"},
    sandbox="http://127.0.0.1:4",
    nats="nats://127.0.0.1:5",
    smtp="smtp://127.0.0.1:6",
    mailbox="http://127.0.0.1:7",
    postgres_server="postgresql://paylinks:pw@127.0.0.1:8/postgres?sslmode=disable",
    simulators={one.name: f"http://127.0.0.1:{number}" for number, one in enumerate(SIMULATORS, 9)},
)


@pytest.fixture
def published(tmp_path):
    local_file = LocalFile(tmp_path / "local.json")
    secrets = load_or_make_secrets(tmp_path / "secrets.json")
    local_file.publish(ADDRESSES, demo=Demo(organization_id="o"), secrets=secrets, processes={"nats": 10, "links": 11})
    return local_file


def test_it_says_where_everything_is(published, tmp_path):
    local = json.loads((tmp_path / "local.json").read_text())
    assert local["mailbox_json"] == "http://127.0.0.1:7/mails.json"
    assert local["postgres"]["links"] == "postgresql://paylinks:pw@127.0.0.1:8/paylinks_links?sslmode=disable"
    assert local["processes"] == {"nats": [10], "links": [11]}
    assert local["organization_id"] == "o"
    assert (tmp_path / "local.json").stat().st_mode & 0o777 == 0o600


def test_a_restarted_child_changes_only_the_processes(published, tmp_path):
    before = json.loads((tmp_path / "local.json").read_text())
    published.update({"nats": 99, "links": 11})
    after = json.loads((tmp_path / "local.json").read_text())
    assert after.pop("processes") == {"nats": [99], "links": [11]}
    before.pop("processes")
    assert after == before


def test_before_the_stack_was_ready_and_after_it_stopped_there_is_no_file(published, tmp_path):
    published.withdraw()
    published.update({"nats": 1})
    assert not (tmp_path / "local.json").exists()


def test_a_reader_sees_the_old_file_or_the_new_one_and_never_a_part(tmp_path):
    path = tmp_path / "local.json"
    contents = {b"a" * 50_000, b"b" * 70_000}
    replace_file(path, b"a" * 50_000)
    seen = set()
    stop = threading.Event()

    def read():
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        for content in contents:
            replace_file(path, content)
    stop.set()
    reader.join()
    assert seen <= contents
