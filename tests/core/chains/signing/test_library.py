"""Importing the library of signatures leaves the process as it was."""

from __future__ import annotations

import subprocess
import sys

from diboas.runner import instance

_ASK = """
import sys
before = sys.getrecursionlimit()
from core.chains.signing import library
assert "py_ecc" in sys.modules, "the dependency is gone: so may this module"
print(before == sys.getrecursionlimit())
"""


def test_deep_documents_still_raise_instead_of_ending_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", _ASK], cwd=instance.ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == "True\n", done.stderr


def test_nobody_imports_the_library_elsewhere() -> None:
    sources = [
        path
        for folder in ("core", "banking", "investing", "defi", "diboas", "sandbox")
        for path in (instance.ROOT / folder).rglob("*.py")
    ]
    found = [str(path.relative_to(instance.ROOT)) for path in sources if "eth_account import" in path.read_text()]

    assert found == ["core/chains/signing/library.py"]
