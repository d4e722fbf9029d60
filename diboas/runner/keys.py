"""The secrets of one installation: generated once into its data folder, readable by its owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _token() -> str:
    return secrets.token_urlsafe(36)


def _field_key() -> str:
    return f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": _token,
    "JWT_KEY": _token,
    "AUDIT_SIGNING_KEY": _token,
    "FIELD_KEYS": _field_key,
    "STRIPE_API_KEY": lambda: f"sk_test_{secrets.token_hex(16)}",
    "STRIPE_WEBHOOK_SECRETS": _webhook_secret,
    "INCREASE_API_KEY": lambda: f"sandbox_{secrets.token_hex(16)}",
    "INCREASE_WEBHOOK_SECRETS": _webhook_secret,
    "INCREASE_ACCOUNT_ID": lambda: f"account_{secrets.token_hex(10)}",
    "KRAKEN_API_KEY": lambda: f"kraken_{secrets.token_hex(16)}",
    "KRAKEN_API_SECRET": lambda: base64.b64encode(secrets.token_bytes(64)).decode(),
    "POSTGRES_PASSWORD": _token,
    "VALKEY_PASSWORD": _token,
}


def load(*, folder: Path) -> dict[str, str]:
    """Return the installation's secrets, making those that it lacks."""
    path = folder / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    missing = {name: make() for name, make in MAKERS.items() if name not in known}
    if missing:
        write_private(path=path, text=json.dumps(known | missing, indent=1) + "\n")
    return known | missing


def write_private(*, path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner only from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    fresh.replace(path)
