"""The environment, read once, with types. A missing secret stops the start."""

from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parents[2]
env = environ.Env()
env.prefix = ""
VAR = Path(env.str("DIBOAS_VAR", default=str(ROOT / "var"))).resolve()
