"""Makes the first state of a chain, once per version of packages and deployment, into the cache."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.chain import artifacts, packages, process, rpc
from sandbox.chain.deploy import aave, stage, tokens, uniswap

STATE, ADDRESSES = "state.json", "contracts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Everything that is needed to run a chain."""

    program: Path
    state: Path
    contracts: Mapping[str, str]


def ensure() -> Built:
    """Return the first state of a chain, making it (and installing the packages) unless it is in the cache.

    Raises: packages.Missing with the reason when that cannot be.
    """
    installed = packages.ensure()
    program = packages.anvil(packages=installed)
    folder = packages.cache() / f"chain-{packages.fingerprint(*_sources())}"
    if not folder.is_dir():
        with packages.alone(f"{folder.name}.lock"):
            if not folder.is_dir():
                _build(installed, program, folder)
    return Built(program=program, state=folder / STATE, contracts=json.loads((folder / ADDRESSES).read_text()))


def keep(*, node: rpc.Connection, path: Path) -> None:
    """Write the node's whole state to a file, which is replaced at once or not at all."""
    dumped = bytes.fromhex(node.call("anvil_dumpState").removeprefix("0x"))
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(gzip.decompress(dumped))
    fresh.replace(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sources() -> list[Path]:
    """List what a state is made from: a change in any of them makes a new one."""
    here = packages.HERE
    names = [*packages.GIVEN, "build.py", "contracts.py", "artifacts.py", "process.py"]
    return [*(here / name for name in names), *sorted(here.glob("deploy/*.py")), *sorted(here.glob("solidity/*"))]


def _build(installed: Path, program: Path, folder: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-"))
    running = process.Node(program=program, port=free_port(), folder=fresh / "node")
    try:
        node = running.start()
        addresses = _deploy(stage.open_on(node=node, found=artifacts.Artifacts(installed)))
        keep(node=node, path=fresh / STATE)
        (fresh / ADDRESSES).write_text(json.dumps(addresses, indent=1) + "\n")
        running.stop()
        shutil.rmtree(fresh / "node", ignore_errors=True)
        fresh.chmod(0o755)
        fresh.rename(folder)
    finally:
        running.stop()
        shutil.rmtree(fresh, ignore_errors=True)


def _deploy(on: stage.Stage) -> dict[str, str]:
    money = tokens.create(on)
    found = {"USDC:ethereum": money.usdc, "USDT:ethereum": money.usdt, "WETH": money.weth}
    return found | uniswap.create(on, money) | aave.create(on, money)
