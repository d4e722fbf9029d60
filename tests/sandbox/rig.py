"""The rig of these tests: the real sandbox as a process of its own, and a real HTTP receiver for its webhooks."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import stripe
from increase import Increase

ROOT = Path(__file__).resolve().parents[2]
STRIPE_KEY = "sk_test_of_the_tests"
STRIPE_SECRETS = ("whsec_new_secret", "whsec_old_secret")
INCREASE_KEY = "increase_key_of_the_tests"
INCREASE_SECRETS = ("increase secret, new", "increase secret, old")
ACCOUNT = "account_sandbox_main"
# Keys of one account at Kraken: each client's nonces rise for themselves.
KRAKEN_KEY = "kraken_key_of_the_tests"
KRAKEN_CCXT_KEY = "kraken_key_of_ccxt"
KRAKEN_SPARE_KEY = "kraken_key_to_spare"
KRAKEN_SECRET = base64.b64encode(b"the secret of the tests for Kraken").decode()


@dataclass(slots=True)
class Got:
    """One webhook as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A real HTTP server that keeps every webhook and answers what the test wants."""

    answer: Callable[[Got], int] = lambda _got: 200
    got: list[Got] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    port: int = 0

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                status = receiver.answer(got)
                receiver.got.append(got)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def about(self, object_id: str) -> list[Got]:
        return [got for got in list(self.got) if object_id.encode() in got.body]


@dataclass
class Sandbox:
    """The sandbox process and short ways to its controls."""

    data: Path
    environ: Mapping[str, str]
    stripe_url: str = ""
    increase_url: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.port = self.port or free_port()
        self.data.mkdir(parents=True, exist_ok=True)
        arguments = ["--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        if self.stripe_url:
            arguments += ["--stripe-webhook-url", self.stripe_url]
        if self.increase_url:
            arguments += ["--increase-webhook-url", self.increase_url]
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", *arguments],
                cwd=ROOT,
                stderr=log,
                env={**os.environ, **self.environ},
            )
        eventually(self.is_up, timeout_s=15)

    def is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "log").read_text()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/_control/health", timeout=2).ok
        return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(10)

    def control(self, method: str, path: str, body: object = None, **query: str) -> Any:
        response = requests.request(method, f"{self.url}/_control/{path}", json=body, params=query, timeout=10)
        assert response.ok, response.text
        return response.json()

    def fault(self, **script: object) -> None:
        self.control("PUT", "faults", script)

    def book(self, **filters: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.control("GET", "book", **filters)["rows"]
        return rows

    def stripe(self) -> stripe.StripeClient:
        return stripe.StripeClient(STRIPE_KEY, base_addresses={"api": self.url}, max_network_retries=0)

    def increase(self) -> Increase:
        return Increase(
            api_key=INCREASE_KEY,
            base_url=self.url,
            max_retries=0,
            timeout=5,
            _strict_response_validation=True,
        )

    def post_form(self, path: str, form: Mapping[str, str], *, key: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"} | ({"Idempotency-Key": key} if key else {})
        return requests.post(f"{self.url}{path}", data=form, headers=headers, timeout=5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(happens: Callable[[], Any], *, timeout_s: float = 8) -> Any:
    """Return the first true value; fail after a while."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = happens()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def environ(**more: str) -> dict[str, str]:
    return {
        "SANDBOX_STRIPE_API_KEY": STRIPE_KEY,
        "SANDBOX_STRIPE_WEBHOOK_SECRET": ",".join(STRIPE_SECRETS),
        "SANDBOX_INCREASE_API_KEY": INCREASE_KEY,
        # A secret of Increase's may hold anything but the comma that separates secrets here.
        "SANDBOX_INCREASE_WEBHOOK_SECRET": ",".join(one.replace(",", "") for one in INCREASE_SECRETS),
        "SANDBOX_KRAKEN_API_KEYS": ",".join(
            f"{key}:{KRAKEN_SECRET}" for key in (KRAKEN_KEY, KRAKEN_CCXT_KEY, KRAKEN_SPARE_KEY)
        ),
        "SANDBOX_KRAKEN_STEP_MS": "0",
        "SANDBOX_ACH_SUBMIT_MS": "30",
        "SANDBOX_ACH_SETTLE_MS": "30",
        "SANDBOX_STRIPE_BANK_DEBIT_MS": "50",
        "SANDBOX_WEBHOOK_RETRY_BASE_MS": "30",
        "SANDBOX_WEBHOOK_RETRY_CAP_MS": "200",
        "SANDBOX_WEBHOOK_TIMEOUT_MS": "1000",
        **more,
    }
