"""``python -m sandbox.chain install | build | serve | fund``; docs/chain.md tells what each is for."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from sandbox.chain import build, fund, packages, serve
from sandbox.chain.deploy.stage import ETHER, USDC, USDT

DEFAULT_PORT = 8545
MISSING = 3  # the exit status that says: not here, and why is on the last line


def main() -> int:
    """Do one command; return the exit status."""
    given = _parse()
    logging.basicConfig(stream=sys.stderr, level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return int(given.do(given))
    except packages.Missing as reason:
        sys.stderr.write(f"chain: {reason}\n")
        return MISSING
    except RuntimeError as problem:
        sys.stderr.write(f"chain: {problem}\n")
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.chain", description="The development chain.")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("install", help="get the npm packages into the cache").set_defaults(do=_install)
    commands.add_parser("build", help="deploy the contracts once into the cache").set_defaults(do=_build)
    _serving(commands.add_parser("serve", help="run the node over a data folder until told to stop"))
    _funding(commands.add_parser("fund", help="give a platform's own wallets their first money, once"))
    return parser.parse_args()


def _serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--data", type=Path, default=Path("var/chain"), help="folder that keeps the chain")
    parser.add_argument("--addresses", type=Path, default=Path("var/chain.json"), help="file to write addresses to")
    parser.add_argument(
        "--block-time",
        default=os.environ.get("CHAIN_BLOCK_TIME", "1"),
        help="seconds between blocks; 'auto': one per transaction; 'manual': only when asked for",
    )
    parser.add_argument("--confirmations", type=int, default=int(os.environ.get("CHAIN_CONFIRMATIONS", "12")))
    parser.set_defaults(do=_serve)


def _funding(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--addresses", type=Path, default=Path("var/chain.json"))
    parser.add_argument("--treasury", required=True, help="address of the treasury wallet")
    parser.add_argument("--gas", required=True, help="address of the wallet that pays for gas")
    parser.add_argument("--usdc", type=int, default=1_000_000, help="whole USDC for the treasury")
    parser.add_argument("--usdt", type=int, default=0, help="whole USDT for the treasury")
    parser.add_argument("--treasury-ether", type=int, default=0)
    parser.add_argument("--gas-ether", type=int, default=100)
    parser.set_defaults(do=_fund)


def _install(_given: argparse.Namespace) -> int:
    packages.ensure()
    return 0


def _build(_given: argparse.Namespace) -> int:
    sys.stdout.write(f"{build.ensure().state}\n")
    return 0


def _serve(given: argparse.Namespace) -> int:
    return serve.run(
        serve.Wish(
            port=given.port,
            data=given.data.resolve(),
            addresses=given.addresses.resolve(),
            block_time=given.block_time,
            confirmations=given.confirmations,
        )
    )


def _fund(given: argparse.Namespace) -> int:
    done = fund.run(
        fund.Wish(
            addresses=given.addresses,
            treasury=given.treasury,
            gas=given.gas,
            usdc=given.usdc * USDC,
            usdt=given.usdt * USDT,
            treasury_wei=given.treasury_ether * ETHER,
            gas_wei=given.gas_ether * ETHER,
        )
    )
    sys.stdout.write("funded\n" if done else "was funded before\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
