"""What the chain is made of: pinned, hashed, without an address, in a cache that clones share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.chain import build, packages

LOCK = packages.HERE / "package-lock.json"


def test_every_package_is_pinned_and_hashed_and_none_names_an_address() -> None:
    locked = {name: facts for name, facts in json.loads(LOCK.read_text())["packages"].items() if name}
    wanted = json.loads((packages.HERE / "package.json").read_text())

    assert "://" not in LOCK.read_text()
    assert {name for name, facts in locked.items() if not facts["integrity"].startswith("sha512-")} == set()
    for name, version in (wanted["dependencies"] | wanted["optionalDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIBOAS_CACHE", str(tmp_path / "given"))
    assert packages.cache() == tmp_path / "given"

    monkeypatch.delenv("DIBOAS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert packages.cache() == tmp_path / "mine" / "diboas"


def test_without_a_home_the_data_folder_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no-folder").write_text("")
    monkeypatch.delenv("DIBOAS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-folder"))
    monkeypatch.setenv("DIBOAS_VAR", str(tmp_path / "var"))

    assert packages.cache() == tmp_path / "var" / "cache"


def test_another_content_gets_another_folder(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text("one")
    before = packages.fingerprint(lock)

    lock.write_text("two")

    assert packages.fingerprint(lock) != before


def test_what_is_in_the_cache_is_not_made_again(chain_build: build.Built, monkeypatch: pytest.MonkeyPatch) -> None:
    made_at = chain_build.state.stat().st_mtime_ns
    monkeypatch.setenv("PATH", "")  # neither npm nor node could be called

    again = build.ensure()

    assert again == chain_build
    assert again.state.stat().st_mtime_ns == made_at


def test_npms_own_words_say_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DIBOAS_CACHE", str(tmp_path / "cache"))

    with pytest.raises(packages.Missing, match="npm could not install the chain's packages: code ENOTFOUND"):
        packages.ensure()

    assert [each.name for each in (tmp_path / "cache").iterdir() if each.is_dir()] == []
