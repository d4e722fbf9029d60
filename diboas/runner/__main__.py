"""`python -m diboas.runner`: start everything, say where it is, keep it running until Ctrl-C."""

import os
import signal
import sys
import time
from pathlib import Path

from diboas.runner import instance, supervisor

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_TIMEOUT_S = 180.0  # a busy machine is slow, not broken


def main() -> int:
    """Run the platform over DIBOAS_VAR (default: var/) on PORT (default: 8000) and the two ports after it."""
    os.chdir(instance.ROOT)
    one = instance.Instance(
        var=Path(os.environ.get("DIBOAS_VAR") or instance.ROOT / "var").resolve(),
        port=int(os.environ.get("PORT", "8000")),
    )
    try:
        one.claim()
        return serve(one=one)
    except RuntimeError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1


def serve(*, one: instance.Instance) -> int:
    """Bring one installation up, show it, watch it, take it down."""
    boss = supervisor.Supervisor(
        env=one.env, programs=[], status_file=one.var / "processes.json", say=one.say, servers=one.servers
    )
    for number in ENDINGS:
        signal.signal(number, lambda *_: interrupt(boss))
    try:
        start(one=one, boss=boss)
        boss.run()
    except KeyboardInterrupt:
        pass
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        one.say("stopping")
        boss.stop()
        one.say("stopped")
    return 0


def start(*, one: instance.Instance, boss: supervisor.Supervisor) -> None:
    """Go from nothing to ready, in the order of what needs what."""
    one.start_servers()
    one.prepare()
    one.join_chain()
    boss.env = one.env
    boss.programs = one.programs()
    boss.start()
    wait_ready(one=one, boss=boss)
    show(one=one)


def wait_ready(*, one: instance.Instance, boss: supervisor.Supervisor) -> None:
    """Wait until every process answers; restart what dies meanwhile.

    Raises: RuntimeError naming what did not come up.
    """
    missing = {each.name: each for each in one.roles()}
    programs = {each.name: each for each in boss.programs}
    deadline = time.monotonic() + READY_TIMEOUT_S
    while missing:
        if boss.stopping:
            raise KeyboardInterrupt
        boss.watch()
        for name in [name for name, each in missing.items() if each.is_up(programs[name].logged())]:
            del missing[name]
            one.say(f"{name} is up")
        if time.monotonic() > deadline:
            raise RuntimeError(f"not up after {READY_TIMEOUT_S:.0f} s: {', '.join(missing)}; see {one.var / 'logs'}")
        time.sleep(supervisor.TICK_S / 2)


def show(*, one: instance.Instance) -> None:
    """Print the addresses and the demo sign-ins."""
    facts = one.demo_facts()
    place = one.addresses
    one.say("ready")
    print(f"\n  API       {place.base_url}/api/v1/      documentation {place.base_url}/api/v1/docs")
    print(f"  Console   {place.base_url}/console/")
    print(f"  Live      {place.live_url}/ws/v1/stream/")
    print(f"  Sandbox   {place.sandbox_url}")
    print(f"  Chain     {facts['chain']['rpc_url'] if facts['chain'] else facts['no_chain']}\n")
    for each in facts["customers"]:
        print(f"  @{each['handle']:<10} {each['email']:<28} {each['password']}   {each['api_key']}")
    for each in facts["staff"]:
        print(f"  {each['role']:<19} {each['email']:<28} {each['password']}   TOTP {each['totp_secret']}")
    print(
        f"\n  The same in {one.var / 'demo.json'}; logs in {one.var / 'logs'}. Ctrl-C stops everything.\n", flush=True
    )


def interrupt(boss: supervisor.Supervisor) -> None:
    """End the loop; before there is one, end the start."""
    boss.stop_soon()
    if not boss.programs:
        raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
