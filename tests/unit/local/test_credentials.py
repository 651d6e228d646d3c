import base64

import pytest

from deploy.local.credentials import load_or_make_secrets
from deploy.local.faults import CannotStartError


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path):
    made = load_or_make_secrets(tmp_path / "secrets.json")
    assert load_or_make_secrets(tmp_path / "secrets.json") == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(base64.urlsafe_b64decode(made.secret_key + "=")) == 32


@pytest.mark.parametrize("garbage", ["", "{", '{"secret_key": "only"}', "[]"])
def test_broken_secrets_are_never_replaced_because_data_depends_on_them(tmp_path, garbage):
    (tmp_path / "secrets.json").write_text(garbage)
    with pytest.raises(CannotStartError, match="bring back the file"):
        load_or_make_secrets(tmp_path / "secrets.json")
    assert (tmp_path / "secrets.json").read_text() == garbage
