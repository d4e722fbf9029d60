"""What can be set from outside: a few arguments and the environment (``SANDBOX_*``). docs/sandbox.md lists them."""

from __future__ import annotations

import argparse
import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class SettingsInvalid(Exception):
    """A setting does not hold; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the sandbox is told at start. Times in seconds, money in cents."""

    host: str
    port: int
    data: Path
    log_level: str
    stripe_api_keys: tuple[str, ...]
    stripe_webhook_url: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_webhook_events: tuple[str, ...]
    stripe_bank_debit_s: float
    stripe_available_days: int
    increase_api_keys: tuple[str, ...]
    increase_webhook_url: str
    increase_webhook_secrets: tuple[str, ...]
    increase_webhook_events: tuple[str, ...]
    increase_account_id: str
    increase_opening_balance: int
    increase_insufficient: str
    kraken_api_keys: Mapping[str, str]
    kraken_seed: str
    kraken_step_s: float
    kraken_call_limit: int
    ach_submit_s: float
    ach_settle_s: float
    webhook_senders: int
    webhook_timeout_s: float
    webhook_retry_base_s: float
    webhook_retry_cap_s: float
    webhook_tries: int

    @property
    def base_url(self) -> str:
        """Return the address at which the sandbox answers."""
        return f"http://{self.host}:{self.port}"


# Of this double only: it opens nothing anywhere.
KRAKEN_KEY = "kraken_sandbox_key:" + base64.b64encode(b"the secret of the pretend Kraken").decode()
_STRIPE_EVENTS = (
    "payment_intent.processing,payment_intent.requires_action,payment_intent.succeeded,payment_intent.payment_failed,"
    "payment_intent.canceled,payment_intent.amount_capturable_updated,charge.dispute.*"
)


def read(*, arguments: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings from the command line and the environment.

    Raises: SettingsInvalid naming the one that does not hold; SystemExit for a bad command line.
    """
    given = _parse(arguments, environ)
    values = _Values(environ)
    return Settings(
        host=given.host,
        port=given.port,
        data=Path(given.data),
        log_level=values.text("LOG_LEVEL", "info"),
        stripe_api_keys=values.texts("STRIPE_API_KEY", "sk_test_sandbox"),
        stripe_webhook_url=_url("--stripe-webhook-url", given.stripe_webhook_url),
        stripe_webhook_secrets=values.texts("STRIPE_WEBHOOK_SECRET", "whsec_sandbox"),
        stripe_webhook_events=values.texts("STRIPE_WEBHOOK_EVENTS", _STRIPE_EVENTS),
        stripe_bank_debit_s=values.milliseconds("STRIPE_BANK_DEBIT_MS", 500),
        stripe_available_days=int(values.number("STRIPE_AVAILABLE_DAYS", 2)),
        increase_api_keys=values.texts("INCREASE_API_KEY", "increase_sandbox_key"),
        increase_webhook_url=_url("--increase-webhook-url", given.increase_webhook_url),
        increase_webhook_secrets=values.texts("INCREASE_WEBHOOK_SECRET", "increase_webhook_sandbox"),
        increase_webhook_events=values.texts("INCREASE_WEBHOOK_EVENTS", "ach_transfer.*"),
        increase_account_id=values.text("INCREASE_ACCOUNT_ID", "account_sandbox_main"),
        increase_opening_balance=int(values.number("INCREASE_OPENING_BALANCE", 1_000_000_000)),
        increase_insufficient=values.choice("INCREASE_INSUFFICIENT", ("rejected", "requires_attention")),
        kraken_api_keys=_keys("SANDBOX_KRAKEN_API_KEYS", values.texts("KRAKEN_API_KEYS", KRAKEN_KEY)),
        kraken_seed=values.text("KRAKEN_SEED", "1"),
        kraken_step_s=values.milliseconds("KRAKEN_STEP_MS", 1_000),
        kraken_call_limit=int(values.number("KRAKEN_CALL_LIMIT", 0)),
        ach_submit_s=values.milliseconds("ACH_SUBMIT_MS", 100),
        ach_settle_s=values.milliseconds("ACH_SETTLE_MS", 200),
        webhook_senders=int(values.number("WEBHOOK_SENDERS", 8, low=1)),
        webhook_timeout_s=values.milliseconds("WEBHOOK_TIMEOUT_MS", 5_000),
        webhook_retry_base_s=values.milliseconds("WEBHOOK_RETRY_BASE_MS", 200),
        webhook_retry_cap_s=values.milliseconds("WEBHOOK_RETRY_CAP_MS", 5_000),
        webhook_tries=int(values.number("WEBHOOK_TRIES", 200, low=1)),
    )


def _parse(arguments: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Pretend Stripe, Increase and Kraken.")
    parser.add_argument("--host", default=environ.get("SANDBOX_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(environ.get("SANDBOX_PORT", "9000")))
    parser.add_argument("--data", default=environ.get("SANDBOX_DATA", "var/sandbox"), help="folder of its database")
    parser.add_argument("--stripe-webhook-url", default=environ.get("SANDBOX_STRIPE_WEBHOOK_URL", ""))
    parser.add_argument("--increase-webhook-url", default=environ.get("SANDBOX_INCREASE_WEBHOOK_URL", ""))
    return parser.parse_args(list(arguments))


def _url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise SettingsInvalid(f"{name} must be an http or https address")
    return value


def _keys(name: str, given: Sequence[str]) -> Mapping[str, str]:
    """Return Kraken's keys with their secrets, written ``key:base64``."""
    keys = dict(one.partition(":")[::2] for one in given)
    for key, secret in keys.items():
        if not key or not _is_base64(secret):
            raise SettingsInvalid(f"{name} must be key:secret pairs with commas between them, the secrets in base64")
    return keys


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


@dataclass(frozen=True, slots=True)
class _Values:
    """Reads typed values named ``SANDBOX_<name>``."""

    environ: Mapping[str, str]

    def text(self, name: str, default: str) -> str:
        return self.environ.get(f"SANDBOX_{name}", default)

    def texts(self, name: str, default: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def number(self, name: str, default: int, *, low: int = 0) -> int:
        raw = self.text(name, str(default))
        if not raw.isdigit() or int(raw) < low:
            raise SettingsInvalid(f"SANDBOX_{name} must be a whole number from {low}")
        return int(raw)

    def milliseconds(self, name: str, default: int) -> float:
        return self.number(name, default) / 1000

    def choice(self, name: str, names: tuple[str, ...]) -> str:
        value = self.text(name, names[0])
        if value not in names:
            raise SettingsInvalid(f"SANDBOX_{name} must be one of {', '.join(names)}")
        return value
