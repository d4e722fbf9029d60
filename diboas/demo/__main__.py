"""`make demo`: the whole platform in a temporary folder, money moved through its public doors, the books checked.

Exits with 1 if anything is off, and says what.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from diboas.demo import client, flows
from diboas.runner import __main__ as runner
from diboas.runner import instance, supervisor

# Nobody who watches a demo wants to wait as long for confirmations as on a real chain.
BLOCK_TIME = "0.25"


def main() -> int:
    """Start everything on free ports, run the flows, print what happened, stop everything."""
    os.chdir(instance.ROOT)
    folder = Path(tempfile.mkdtemp(prefix="diboas-demo-"))
    one = instance.Instance(var=folder, port=0, block_time=BLOCK_TIME)
    boss = supervisor.Supervisor(
        env=one.env, programs=[], status_file=folder / "processes.json", say=one.say, servers=one.servers
    )
    problems = ["nothing was tried"]
    try:
        one.claim()
        runner.start(one=one, boss=boss)
        threading.Thread(target=boss.run, daemon=True).start()
        problems = tell(one)
    except (RuntimeError, TimeoutError, client.Unexpected) as error:
        problems = [f"{type(error).__name__}: {error}"]
    finally:
        boss.stop()
        if problems:
            print(f"\nThe logs are kept in {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(f"OFF: {problem}", flush=True)
    print("\nEverything is as it should be." if not problems else "\nSomething is off.", flush=True)
    return 1 if problems else 0


def tell(one: instance.Instance) -> list[str]:
    """Run the flows and the checks; return everything that is not as it should be."""
    started = time.monotonic()
    told = flows.run(facts=one.demo_facts(), increase_key=one.env["INCREASE_API_KEY"])
    print(told.table(), flush=True)
    print(f"\n{len(told.rows)} flows in {time.monotonic() - started:.1f} s", flush=True)
    problems = list(told.problems)
    for command in ("verify_books", "verify_audit"):
        done = subprocess.run(
            [sys.executable, "manage.py", command],
            env=one.env,
            cwd=instance.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        print(f"manage.py {command}: {done.stdout.strip()}", flush=True)
        if done.returncode:
            problems.append(f"{command}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
