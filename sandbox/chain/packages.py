"""Installs what package-lock.json names into a cache. Only the standard library: a bare Python 3.11 runs this file.

The cache is outside the checkout, so that several clones share it; a folder is named by what it was made from, so that
a change makes a new one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
GIVEN = ("package.json", "package-lock.json", ".npmrc")
NEEDED = ("node", "npm")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Missing(Exception):
    """The chain cannot run here; the text says in one line what is missing and what would help."""


class NodeMissing(Missing):
    """There is no Node.js to install the chain with."""


def cache() -> Path:
    """Return the folder for what can be made again: DIBOAS_CACHE, else the user's cache, else the data folder."""
    given = os.environ.get("DIBOAS_CACHE")
    if given:
        return _made(Path(given).resolve())
    with contextlib.suppress(OSError, RuntimeError):
        return _made(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diboas")
    return _made(Path(os.environ.get("DIBOAS_VAR") or HERE.parents[1] / "var").resolve() / "cache")


def ensure() -> Path:
    """Return the folder with ``node_modules``, installing it first unless it is there.

    Raises: Missing when Node is not here or npm does not get the packages.
    """
    folder = cache() / f"npm-{fingerprint(*(HERE / name for name in GIVEN))}"
    if folder.is_dir():
        return folder
    with alone(f"{folder.name}.lock"):
        if not folder.is_dir():
            _install(folder)
    return folder


def anvil(*, packages: Path) -> Path:
    """Find the node's program: the package's for this machine, else anvil on PATH.

    Raises: Missing where there is neither.
    """
    machine = f"{sys.platform.removesuffix('32')}-{_MACHINES.get(platform.machine().lower(), platform.machine())}"
    found = packages / "node_modules" / "@foundry-rs" / f"anvil-{machine}" / "bin" / "anvil"
    if found.is_file():
        return found
    if other := shutil.which("anvil"):
        return Path(other)
    raise Missing(f"there is no anvil for {machine} among the npm packages and none on PATH")


def fingerprint(*paths: Path) -> str:
    """Name the content of files and the kind of machine."""
    content = hashlib.sha256(f"{sys.platform} {platform.machine()}".encode())
    for path in paths:
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()[:16]


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock of the cache, so that clones that start at once do the work once."""
    with (cache() / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(folder: Path) -> None:
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        raise NodeMissing(f"no Node.js ({' and '.join(missing)} not on PATH); version 20 or later runs the chain")
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-"))
    try:
        for name in GIVEN:
            shutil.copy(HERE / name, fresh / name)
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-progress"],  # noqa: S607 - the npm that is here
            cwd=fresh,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Missing(f"npm could not install the chain's packages: {_reason(done.stderr)}")
        fresh.chmod(0o755)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _reason(said: str) -> str:
    """Return npm's own first word on what went wrong."""
    errors = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    return "; ".join([line for line in errors if line][:2]) or "it did not say why"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(folder)
    return folder


if __name__ == "__main__":
    try:
        ensure()
    except Missing as reason:
        sys.exit(f"chain: {reason}")
