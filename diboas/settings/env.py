"""The environment, read once, with types. A missing secret stops the start.

`dev` and `test` offer values for what a developer's machine lacks; `prod` offers none, so there a missing name is an
error.
"""

import hashlib
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
env = environ.Env()
_offered: dict[str, str] = {}


def offer(**values: str) -> None:
    """Give values that hold when the environment has none (development and tests only)."""
    _offered.update(values)


def load(path: Path) -> None:
    """Read a file of NAME=value lines; what the environment already says wins."""
    if path.is_file():
        environ.Env.read_env(path, overwrite=False)


def text(name: str, default: str = "") -> str:
    return str(env.str(name, default=_offered.get(name, default)))


def whole(name: str, default: int) -> int:
    return int(env.int(name, default=int(_offered.get(name, default))))


def flag(name: str, *, default: bool) -> bool:
    return bool(env.bool(name, default=default))


def items(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret(name: str) -> str:
    """Read a value that must be given.

    Raises: ImproperlyConfigured when it is missing, which stops the process before it serves anything.
    """
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; see .env.example")
    return value


def secrets(name: str) -> list[str]:
    """Read a comma-separated list of which at least one must be given (the first is the current one)."""
    secret(name)
    return items(name)


def var() -> Path:
    """Return the folder for generated data (DIBOAS_VAR)."""
    return Path(text("DIBOAS_VAR", str(ROOT / "var"))).resolve()


def instance() -> str:
    """Name this installation, so that two on one machine keep their cookies and messages apart."""
    return text("DIBOAS_INSTANCE") or hashlib.sha256(str(var()).encode()).hexdigest()[:8]
