import pytest

from deploy.local.faults import CannotStartError
from deploy.local.home import claimed_home


def test_the_data_folder_is_made_with_a_place_for_every_part(tmp_path):
    with claimed_home(tmp_path / "deep" / "var") as home:
        assert home.nats.is_dir()
        assert home.logs.is_dir()


def test_a_second_stack_on_the_same_folder_is_told_who_runs_there(tmp_path):
    with (
        claimed_home(tmp_path),
        pytest.raises(CannotStartError, match=r"already runs on .* \(process \d+\)"),
        claimed_home(tmp_path),
    ):
        pass


def test_the_folder_is_free_again_when_its_stack_is_gone(tmp_path):
    with claimed_home(tmp_path):
        pass
    with claimed_home(tmp_path) as home:
        assert home.root == tmp_path


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "var").write_text("not a folder")
    with pytest.raises(CannotStartError, match="is not a folder"), claimed_home(tmp_path / "var"):
        pass


def test_a_file_in_place_of_a_part_of_it_is_named(tmp_path):
    (tmp_path / "nats").write_text("not a folder")
    with pytest.raises(CannotStartError, match=r"nats' is not a folder"), claimed_home(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_one_clear_sentence():
    # Not even root can make a folder there.
    with pytest.raises(CannotStartError, match="cannot write to its data folder"):
        claimed_home_in_proc()


def claimed_home_in_proc():
    from pathlib import Path

    with claimed_home(Path("/proc/paylinks")):
        pass
