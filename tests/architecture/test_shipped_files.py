"""What git ships names no machine, no registry and no secret."""

import re
from pathlib import Path

import pytest

from tests.architecture import source

LOCKS = ("requirements/run.txt", "requirements/dev.txt")
ADDRESS = re.compile(r"https?://|git\+|file:|--(extra-)?index-url|--find-links|--trusted-host")
# Written so that this file does not contain what it looks for.
LEAKS = re.compile(
    r"(?<![\w.])/(?:work|farm|home/[a-z]+|Users/[A-Za-z]+)/|sk_"
    r"live_[A-Za-z0-9]{8}|AKIA[0-9A-Z]{12}|BEGIN (?:RSA |EC )?PRIVATE KEY"
)
CODE = {".py", ".sql", ".html", ".toml", ".yml", ".yaml", ".json", ".sh", ".service", ""}
TEXT = CODE | {".md", ".txt", ".in", ".example"}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_name_no_address(name: str) -> None:
    lines = (source.ROOT / name).read_text().splitlines()

    assert [line for line in lines if ADDRESS.search(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (source.ROOT / name).read_text().strip())

    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_both_locks_agree_on_versions() -> None:
    run, dev = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (source.ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS
    )

    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_no_shipped_file_names_a_machine_or_holds_a_secret() -> None:
    found = [str(path) for path in source.tracked_files() if _is_text(path) and LEAKS.search(_read(path))]

    assert found == []


def test_generated_folders_are_not_shipped() -> None:
    folders = {".venv", "var", "node_modules", "__pycache__"}

    assert [str(path) for path in source.tracked_files() if folders & set(path.parts)] == []


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT and path != Path(__file__).relative_to(source.ROOT)


def _read(path: Path) -> str:
    return (source.ROOT / path).read_text(errors="replace")
