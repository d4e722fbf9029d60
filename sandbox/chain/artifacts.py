"""Finds compiled contracts in the npm packages, links their libraries, compiles the one of our own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.chain import packages

OURS = Path(__file__).resolve().parent / "solidity"
COMPILER = "node_modules/solc/solc.js"
SETTINGS = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "paris",
    "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
}


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The creation code of contracts, by package and name."""

    folder: Path

    def code(self, package: str, path: str, libraries: Mapping[str, str] | None = None) -> str:
        """Return creation code with the addresses of its libraries put in.

        Raises: packages.Missing when a package does not hold the contract; KeyError for a library that is not given.
        """
        file = self.folder / "node_modules" / package / "artifacts" / "contracts" / path
        name = Path(path).stem
        if not (file / f"{name}.json").is_file():
            raise packages.Missing(f"{package} holds no {name}")
        artifact = json.loads((file / f"{name}.json").read_text())
        return _linked(artifact, libraries or {})

    def compile(self, name: str) -> str:
        """Return the creation code of one of our own contracts, compiled with solc from npm."""
        file = f"{name}.sol"
        wish = {
            "language": "Solidity",
            "sources": {file: {"content": (OURS / file).read_text()}},
            "settings": SETTINGS,
        }
        done = subprocess.run(  # noqa: S603 - npm's own compiler on our own source
            ["node", str(self.folder / COMPILER), "--standard-json"],  # noqa: S607 - whatever Node is here
            input=json.dumps(wish),
            capture_output=True,
            text=True,
            check=False,
        )
        # The compiler writes a line of its own (about solvers it does not use) before its answer.
        answer = json.loads(done.stdout[done.stdout.index("{") :]) if "{" in done.stdout else {}
        if "contracts" not in answer:
            raise packages.Missing(f"solc could not compile {file}: {answer.get('errors') or done.stderr[-500:]}")
        return f"0x{answer['contracts'][file][name]['evm']['bytecode']['object']}"


def _linked(artifact: dict[str, Any], libraries: Mapping[str, str]) -> str:
    code = artifact["bytecode"].removeprefix("0x")
    for names in artifact.get("linkReferences", {}).values():
        for name, places in names.items():
            for place in places:
                start, end = place["start"] * 2, (place["start"] + place["length"]) * 2
                code = code[:start] + libraries[name].removeprefix("0x").lower() + code[end:]
    return f"0x{code}"
