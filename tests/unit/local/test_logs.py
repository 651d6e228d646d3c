import os

from deploy.local.logs import cut_long_logs, open_log, set_aside, tail


def test_a_new_run_keeps_one_log_of_the_run_before(tmp_path):
    log = tmp_path / "links.log"
    for run in ("first", "second", "third"):
        set_aside(log)
        log.write_text(run)
    assert log.read_text() == "third"
    assert (tmp_path / "links.log.1").read_text() == "second"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_log_that_grew_too_long_begins_again_under_its_writer(tmp_path):
    log = tmp_path / "links.log"
    writer = open_log(log)
    os.write(writer, b"x" * 100)
    cut_long_logs(tmp_path, size_max=50)
    os.write(writer, b"after")
    os.close(writer)
    assert log.read_bytes() == b"after"
    assert (tmp_path / "links.log.1").read_bytes() == b"x" * 100


def test_a_log_that_cannot_be_kept_is_cut_short_all_the_same(tmp_path):
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    log = tmp_path / "links.log"
    log.write_bytes(b"x" * 100)
    (tmp_path / "links.log.1").mkdir()
    cut_long_logs(tmp_path, size_max=50)
    assert log.read_bytes() == b""


def test_the_tail_is_the_last_lines_and_a_missing_log_has_none(tmp_path):
    (tmp_path / "links.log").write_text("\n".join(f"line {number}" for number in range(100)))
    assert tail(tmp_path / "links.log", lines_max=2).split() == ["line", "98", "line", "99"]
    assert tail(tmp_path / "nats.log") == ""
