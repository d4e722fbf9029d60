"""`make run` as its user sees it: everything comes up, money moves, what is killed comes back, nothing stays behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from diboas.runner import instance

pytestmark = pytest.mark.timeout(420)
READY_S = 150
# What a newcomer's shell does not have; without PYTHONUNBUFFERED output to a file waits in a buffer.
GIVEN = (
    "PYTHONUNBUFFERED",
    "DATABASE_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "DJANGO_SETTINGS_MODULE",
    "DIBOAS_INSTANCE",
    "DATABASE_ROLE",
)


@contextmanager
def running(*, var: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    """Run the platform over a data folder and wait until it says that it is ready."""
    env = {name: value for name, value in os.environ.items() if name not in GIVEN}
    log = var.with_suffix(".out")
    with log.open("wb") as out:
        runner = subprocess.Popen(
            [sys.executable, "-m", "diboas.runner"],
            cwd=instance.ROOT,
            env=env | {"DIBOAS_VAR": str(var), "PORT": "0"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait(lambda: "ready\n" in log.read_text() or runner.poll() is not None, timeout_s=READY_S)
        assert runner.poll() is None, log.read_text()
        yield runner
    finally:
        runner.terminate()
        runner.wait(timeout=60)


def wait(condition: Any, *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.2)


def facts_of(var: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((var / "demo.json").read_text())
    return facts


def call(facts: dict[str, Any], method: str, path: str, *, who: int = 0, **given: Any) -> requests.Response:
    key = facts["customers"][who]["api_key"]
    return requests.request(
        method,
        f"{facts['base_url']}/api/v1/{path}",
        timeout=30,
        headers={"Authorization": f"Bearer {key}"} | given.pop("headers", {}),
        **given,
    )


def send_five(facts: dict[str, Any], *, key: str) -> str:
    """Send 5 USD from the first customer to the second; return the transaction's id."""
    body = {
        "kind": "transfer",
        "source": {"amount": "5.00", "asset": "USD"},
        "target": {"asset": "USD"},
        "to": {"handle": facts["customers"][1]["handle"]},
    }
    answer = call(facts, "POST", "banking/transactions", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def state_of(facts: dict[str, Any], transaction: str) -> str:
    return str(call(facts, "GET", f"transactions/{transaction}").json()["state"])


def available(facts: dict[str, Any], *, who: int) -> str:
    return str(call(facts, "GET", "wallet", who=who).json()["totals"]["available"]["amount"])


def pids(var: Path) -> dict[str, int]:
    found = json.loads((var / "processes.json").read_text())["processes"]
    return {name: each["pid"] for name, each in found.items()}


def test_the_platform_starts_survives_kills_stops_and_keeps_its_data(tmp_path: Path) -> None:
    var = tmp_path / "var"

    with running(var=var) as runner:
        facts = facts_of(var)
        assert_facts(facts, var)
        wait(lambda: state_of(facts, send_five(facts, key="first")) == "COMPLETED")
        assert available(facts, who=1) == "100004.75"

        before = pids(var)
        os.killpg(before["worker"], signal.SIGKILL)
        os.kill(before["web"], signal.SIGKILL)
        wait(lambda: None not in pids(var).values() and pids(var)["web"] != before["web"])
        wait(lambda: answers(facts))
        second = send_five(facts, key="second")
        wait(lambda: state_of(facts, second) == "COMPLETED")
        family = {each.pid for each in psutil.Process(runner.pid).children(recursive=True)}

    assert len(family) >= 8
    wait(lambda: not any(is_alive(pid) for pid in family), timeout_s=10)
    assert runner.returncode == 0

    with running(var=var):
        again = facts_of(var)
        assert again["customers"] == facts["customers"]
        assert again["staff"] == facts["staff"]
        assert available(again, who=1) == "100009.50"


def assert_facts(facts: dict[str, Any], var: Path) -> None:
    places = {"base_url", "live_url", "sandbox_url", "chain", "no_chain", "wallets"}
    assert set(facts) == places | {"customers", "staff"}
    # Where Node is missing there is no chain, and the reason is said.
    assert set(facts["chain"] or {}) == (set() if "Node" in facts["no_chain"] else {"rpc_url", "chain_id", "contracts"})
    assert all({"handle", "email", "password", "api_key"} <= set(each) for each in facts["customers"])
    assert all(set(each) == {"email", "password", "totp_secret", "role"} for each in facts["staff"])
    for name in ("demo.json", "run.env", "secrets.json"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600
    assert call(facts, "GET", "me").json()["handle"] == "ana"


def answers(facts: dict[str, Any]) -> bool:
    try:
        return requests.get(f"{facts['base_url']}/livez", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
