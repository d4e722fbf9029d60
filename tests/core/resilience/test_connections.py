from __future__ import annotations

import pytest

from core.resilience import connections
from tests.core.resilience.conftest import Valkey, forget_outages

_ECHO = connections.script("return {KEYS[1], ARGV[1], 7}")


def test_a_command_is_answered(valkey: Valkey) -> None:
    assert connections.command("SET", "name", "worth", "NX", "PX", 5000) == "OK"
    assert connections.command("SET", "name", "other", "NX", "PX", 5000) is None
    assert connections.command("GET", "name") == "worth"


def test_a_connection_that_died_is_made_again_without_a_word(valkey: Valkey) -> None:
    connections.command("SET", "name", "worth")
    valkey.stop()
    valkey.start()

    assert connections.command("GET", "name") is None


def test_an_answer_that_came_too_late_is_not_taken_for_the_next(valkey: Valkey) -> None:
    connections.command("SET", "late", "old")
    connections.command("SET", "name", "worth")
    valkey.freeze()
    with pytest.raises(connections.Unavailable):
        connections.command("GET", "late")
    valkey.thaw()
    forget_outages()

    assert connections.command("GET", "name") == "worth"


def test_a_script_that_the_server_forgot_is_sent_again(valkey: Valkey) -> None:
    assert _ECHO(keys=["k"], args=["a"]) == ["k", "a", 7]
    connections.command("SCRIPT", "FLUSH")

    assert _ECHO(keys=["k"], args=["b"]) == ["k", "b", 7]
