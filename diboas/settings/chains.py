"""Which chains this installation talks to: a file, because the addresses of contracts are many and belong together.

In development the runner's chain writes it; in production it is a part of the deployment. Without it there are no
chains: everything else runs, and asking for one is answered with 422 `chain_unavailable`.
"""

import json
from pathlib import Path
from typing import Any

from diboas.settings import env


def _known(path: str) -> dict[str, dict[str, Any]]:
    if not path or not Path(path).is_file():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(Path(path).read_text())
    return found


CHAINS_FILE = env.text("CHAINS_FILE")
CHAINS = _known(CHAINS_FILE)
