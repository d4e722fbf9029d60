"""The project's own files, as the rules look at them."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "banking", "investing", "defi", "diboas", "sandbox", "bench")


@functools.cache
def python_files(*, tests: bool = False) -> tuple[Path, ...]:
    """List our Python files without migrations (generated) and caches, relative to the root."""
    folders = (*PACKAGES, "tests") if tests else PACKAGES
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return tuple(sorted(path.relative_to(ROOT) for path in found if "migrations" not in path.parts))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """List what git would ship; without git, what lies in the source folders."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = [name for name in done.stdout.split("\0") if name]
    paths = [Path(name) for name in names] or list(python_files(tests=True))
    return tuple(path for path in paths if (ROOT / path).is_file())
