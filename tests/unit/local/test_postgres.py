import pytest

from deploy.local import postgres
from deploy.local.faults import CannotStartError
from deploy.local.postgres_data import prepare_cluster
from deploy.local.postgres_user import PostgresUser


async def prepare(data):
    await prepare_cluster(data, password="pw", user=PostgresUser(data.parent.stat().st_uid))


async def test_a_garbled_data_folder_is_one_clear_sentence_and_is_left_alone(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "holiday.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(CannotStartError, match="move it away to start anew"):
        await prepare(tmp_path / "postgres")
    assert (tmp_path / "postgres" / "holiday.jpg").exists()


async def test_a_file_in_place_of_the_data_folder_is_one_clear_sentence(tmp_path):
    (tmp_path / "postgres").write_text("")
    with pytest.raises(CannotStartError, match="does not hold a PostgreSQL database"):
        await prepare(tmp_path / "postgres")


async def test_a_data_folder_of_another_version_says_which(tmp_path):
    data = tmp_path / "postgres"
    for folder in ("global", "base", "pg_wal"):
        (data / folder).mkdir(parents=True)
    (data / "global" / "pg_control").write_bytes(b"")
    (data / "postgresql.conf").write_text("")
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStartError, match="was made by PostgreSQL 15 and this is 18"):
        await prepare(data)


def test_each_service_has_its_own_database_on_the_same_server():
    dsn = postgres.embedded_dsn(port=5432, password="a/b@c")
    assert postgres.database_dsn(dsn, "links") == "postgresql://paylinks:a%2Fb%40c@127.0.0.1:5432/paylinks_links"


async def test_a_server_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(CannotStartError) as refusal:
        await postgres.create_databases("postgresql://me:hunter2@127.0.0.1:1/postgres", advice="bring it back")
    assert "postgresql://me@127.0.0.1:1" in str(refusal.value)
    assert str(refusal.value).endswith("bring it back.")
    assert "hunter2" not in str(refusal.value)
