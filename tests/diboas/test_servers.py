"""The embedded servers: only our password opens them, and what they hold survives a restart."""

import shutil
from pathlib import Path

import psycopg
import pytest
import redis

from diboas.runner import postgres, valkey


@pytest.fixture
def database(tmp_path: Path) -> postgres.Postgres:
    return postgres.Postgres(
        folder=tmp_path / "pg", password="right horse", log=tmp_path / "pg.log", options=postgres.DISPOSABLE
    )


def test_postgres_keeps_data_and_refuses_strangers(database: postgres.Postgres) -> None:
    database.start()
    try:
        database.ensure_database(name="books")
        database.ensure_database(name="books")
        with psycopg.connect(database.url(database="books"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS units")
        wrong = database.url(database="books").replace("right%20horse", "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        port = database.port
        database.stop()
        database.start()

        assert database.port == port
        with psycopg.connect(database.url(database="books")) as connection:
            assert connection.execute("SELECT units FROM kept").fetchone() == (7,)
    finally:
        database.stop()


def test_a_cut_short_initdb_is_not_taken_for_a_cluster(database: postgres.Postgres) -> None:
    half = database.folder.with_name("pg.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18")

    database.start()
    database.stop()

    assert (database.folder / "base").is_dir()
    assert not half.exists()


def test_valkey_keeps_data_and_refuses_strangers(tmp_path: Path) -> None:
    server = valkey.Valkey(folder=tmp_path / "valkey", password="right", log=tmp_path / "valkey.log")
    server.start()
    try:
        with redis.Redis.from_url(f"{server.url}/3") as client:
            client.set("kept", "7")
        with (
            redis.Redis(port=server.port, password="wrong") as stranger,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            stranger.ping()
        server.stop()
        server.start()

        with redis.Redis.from_url(f"{server.url}/3") as client:
            assert client.get("kept") == b"7"
    finally:
        server.stop()


def test_a_missing_program_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_folders", list)
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    with pytest.raises(RuntimeError, match="set DATABASE_URL"):
        postgres.binary(name="postgres")
