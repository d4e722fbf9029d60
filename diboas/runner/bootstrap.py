"""Make the environment and run a command in it: the only file that a bare Python 3.11 has to understand.

Usage: python3.11 diboas/runner/bootstrap.py [--dev] [--chain] -- COMMAND ...
The command runs with the environment first on PATH. --chain: it will want the development chain, whose packages are
fetched beside the environment's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / "bin"
STAMP = ENVIRONMENT / "installed.txt"
OLDEST = (3, 11)
CHAIN_PACKAGES = ("-m", "sandbox.chain.packages")  # it too needs nothing but a bare Python
OURS = ("core", "banking", "investing", "defi", "diboas", "sandbox")
LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}


def main() -> None:
    """Install what the lock file names, then become the command."""
    words = sys.argv[1:]
    kind = "dev" if "--dev" in words or is_for_developing() else "run"
    command = words[words.index("--") + 1 :] if "--" in words else []
    if sys.version_info < OLDEST:
        sys.exit(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}")
    if not is_installed(kind=kind):
        started = time.monotonic()
        if "--chain" in words:
            fetch_chain()
        install(kind=kind)
        print(f"Environment ready in {time.monotonic() - started:.1f} s", flush=True)
    if command:
        os.environ["VIRTUAL_ENV"] = str(ENVIRONMENT)
        os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        program = BIN / command[0] if (BIN / command[0]).exists() else command[0]
        os.execvp(program, command)  # noqa: S606 - becoming the command is the point


def fetch_chain() -> None:
    """Begin to fetch the chain's packages and go on: whoever wants the chain waits for them, and tells what failed."""
    subprocess.Popen(
        [sys.executable, *CHAIN_PACKAGES],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def is_for_developing() -> bool:
    """Say whether developing's packages are here: running must not take them away again."""
    return (BIN / "pytest").exists()


def is_installed(*, kind: str) -> bool:
    """Say whether the environment already holds that lock (developing's holds all of running's)."""
    if not STAMP.is_file() or not (BIN / "python").exists():
        return False
    return STAMP.read_text() in {stamp(kind=each) for each in (kind, "dev")}


def stamp(*, kind: str) -> str:
    """Name the exact content of a lock file and the interpreter it was installed for."""
    return f"{kind} {sys.version_info[:2]} {hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()}\n"


def install(*, kind: str) -> None:
    """Create the environment, get uv into it with pip, let uv install exactly what the lock names."""
    if not (BIN / "python").exists():
        print("Creating .venv ...", flush=True)
        create()
    STAMP.unlink(missing_ok=True)
    uv = BIN / "uv"
    if not uv.exists():
        print("Installing uv ...", flush=True)
        run(*pip(), "install", "-qq", uv_requirement())
    print(f"Installing {LOCKS[kind].relative_to(ROOT)} ...", flush=True)
    # Compiled here once; else every process of the first start would compile the same files beside the others.
    sync: list[str | Path] = [
        uv,
        "pip",
        "sync",
        "--compile-bytecode",
        "--require-hashes",
        "--python",
        BIN / "python",
        LOCKS[kind],
    ]
    # uv's own certificates, then the machine's, then pip: it knows mirrors that are configured for it alone.
    first_that_works(
        sync, [*sync, "--system-certs"], [*pip(), "install", "--no-deps", "--require-hashes", "-r", LOCKS[kind]]
    )
    run(BIN / "python", "-m", "compileall", "-q", "-j", "0", *(ROOT / name for name in OURS))
    STAMP.write_text(stamp(kind=kind))


def first_that_works(*ways: list[str | Path]) -> None:
    """Try one command after the other, quietly; show what each said only when none worked."""
    said = []
    for words in ways:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        said.append(f"{words[0]}: {done.stderr.strip()}")
    sys.exit("\n".join(["could not install:", *said]))


def create() -> None:
    """Create the environment; a Python without ensurepip (Debian splits it off) gets one without pip."""
    if subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], capture_output=True, check=False).returncode:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run(sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT)


def pip() -> list[str | Path]:
    """Return the words that call pip for the environment: its own, else the system's pointed at it."""
    own = subprocess.run([BIN / "python", "-m", "pip", "--version"], capture_output=True, check=False)
    if own.returncode == 0:
        return [BIN / "python", "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", BIN / "python"]


def uv_requirement() -> str:
    """Return the version of uv that the lock names, so that there is one place that says it."""
    for line in LOCKS["run"].read_text().splitlines():
        if line.startswith("uv=="):
            return line.split()[0]
    raise SystemExit("requirements/run.txt names no uv")


def run(*words: str | Path) -> None:
    """Run a command and end with its message when it fails."""
    if subprocess.run([str(word) for word in words], check=False).returncode:
        sys.exit(f"failed: {' '.join(str(word) for word in words)}")


if __name__ == "__main__":
    main()
