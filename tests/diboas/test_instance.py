"""One installation: who holds its folder, what it tells its processes, when its database needs preparing."""

import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from diboas.runner import instance, ports, prepared
from tests import databases

GIVEN = ("DATABASE_URL", "REDIS_URL", "BASE_URL", "STRIPE_API_KEY", "DATABASE_ROLE")


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> instance.Instance:
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres://given@db.example/books")
    monkeypatch.setenv("REDIS_URL", "redis://given.example:6379")
    monkeypatch.setenv("CHAINS_FILE", str(tmp_path / "chains.json"))
    return instance.Instance(var=tmp_path / "var", port=0)


def test_a_folder_has_one_runner(one: instance.Instance) -> None:
    one.claim()

    with pytest.raises(instance.AlreadyRunningError, match="another runner uses"):
        instance.Instance(var=one.var, port=0).claim()


def test_a_taken_port_is_named(one: instance.Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "PORT_PATIENCE_S", 0)
    first = ports.free(length=3)
    with socket.create_server(("127.0.0.1", first + 1)):
        one.port = first
        with pytest.raises(RuntimeError, match=f"port {first + 1} is taken: set PORT"):
            one.claim()


def test_given_servers_are_used_and_none_is_started(one: instance.Instance) -> None:
    one.claim()

    one.start_servers()

    assert one.servers == {}
    assert one.env["DATABASE_URL"] == "postgres://given@db.example/books"
    assert one.env["REDIS_URL"] == "redis://given.example:6379"
    assert one.env["CHAINS_FILE"] == str(one.var.parent / "chains.json")
    assert one.env["DATABASE_ROLE"] == "diboas_app"
    assert one.env["BASE_URL"] == f"http://127.0.0.1:{one.port}"
    assert one.env["LIVE_URL"] == f"ws://127.0.0.1:{one.port + 1}"
    assert one.env["STRIPE_BASE_URL"] == f"http://127.0.0.1:{one.port + 2}"


def test_the_sandbox_holds_the_other_half_of_the_secrets(one: instance.Instance) -> None:
    one.claim()

    one.start_servers()

    for theirs, ours in instance.SANDBOX_KNOWS.items():
        assert one.env[f"SANDBOX_{theirs}"] == one.env[ours] != ""


def test_a_developers_own_account_wins(one: instance.Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_of_my_own")
    one.claim()

    one.start_servers()

    assert one.env["STRIPE_API_KEY"] == "sk_test_of_my_own"


@pytest.fixture
def is_done(tmp_path: Path, committed_db: databases.Clone) -> Callable[[], bool]:
    """Prepare a pretend project over a copy of the database; return the question whether that still holds."""
    root, note, demo = tmp_path / "root", tmp_path / "prepared.txt", tmp_path / "demo.json"
    (root / "core" / "sql").mkdir(parents=True)
    (root / "core" / "sql" / "guard.sql").write_text("SELECT 1")
    for name in prepared.ITSELF:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    demo.write_text("{}")
    prepared.remember(note=note, root=root, database_url=committed_db.url)
    return lambda: prepared.is_done(note=note, root=root, database_url=committed_db.url, demo=demo)


def test_a_prepared_database_is_not_prepared_again(is_done: Callable[[], bool]) -> None:
    assert is_done()


def test_changed_code_prepares_again(is_done: Callable[[], bool], tmp_path: Path) -> None:
    (tmp_path / "root" / "core" / "sql" / "guard.sql").write_text("SELECT 2")

    assert not is_done()


def test_a_database_that_changed_is_prepared_again(is_done: Callable[[], bool], committed_db: databases.Clone) -> None:
    with psycopg.connect(committed_db.url) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'banking'")

    assert not is_done()


def test_lost_sign_ins_prepare_again(is_done: Callable[[], bool], tmp_path: Path) -> None:
    (tmp_path / "demo.json").unlink()

    assert not is_done()


def test_an_unreadable_database_is_always_prepared(tmp_path: Path) -> None:
    note, demo = tmp_path / "note", tmp_path / "demo.json"
    demo.write_text("{}")
    nowhere = f"postgres://nobody@127.0.0.1:{ports.free()}/none"

    prepared.remember(note=note, root=instance.ROOT, database_url=nowhere)

    assert not note.exists()
    assert not prepared.is_done(note=note, root=instance.ROOT, database_url=nowhere, demo=demo)
