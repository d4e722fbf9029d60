"""The one place where eth-account is imported, because importing it changes the whole process.

One of its dependencies (py-ecc, for curves that we do not use) raises Python's recursion limit to 100,000. With that,
a JSON document nested deeply enough ends the process instead of raising RecursionError, and anybody may send us one.
"""

import sys

_limit = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 - the limit is read before
from eth_account.hdaccount import generate_mnemonic, key_from_seed, seed_from_mnemonic  # noqa: E402 - the same
from eth_account.types import Language  # noqa: E402 - the same

sys.setrecursionlimit(_limit)

__all__ = ["Account", "Language", "generate_mnemonic", "key_from_seed", "seed_from_mnemonic"]
