"""An installation's secrets: made once, for its owner only."""

import base64
import stat
from pathlib import Path

from diboas.runner import bootstrap, keys


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = keys.load(folder=tmp_path)

    assert keys.load(folder=tmp_path) == first
    assert first.keys() == keys.MAKERS.keys()
    assert len(set(first.values())) == len(first)


def test_a_secret_that_a_newer_version_needs_is_added(tmp_path: Path) -> None:
    keys.write_private(path=tmp_path / "secrets.json", text='{"SECRET_KEY": "kept"}')

    found = keys.load(folder=tmp_path)

    assert found["SECRET_KEY"] == "kept"
    assert len(base64.b64decode(found["FIELD_KEYS"].removeprefix("k1:"))) == 32


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    keys.load(folder=tmp_path)

    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_stamp_follows_the_lock(tmp_path: Path, monkeypatch) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text("uv==1.2.3 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(bootstrap, "LOCKS", {"run": lock, "dev": lock})
    before = bootstrap.stamp(kind="run")

    assert bootstrap.uv_requirement() == "uv==1.2.3"
    lock.write_text("uv==1.2.4 \\\n    --hash=sha256:00\n")

    assert bootstrap.stamp(kind="run") != before
