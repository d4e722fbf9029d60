"""The families that this installation can speak to."""

from __future__ import annotations

from collections.abc import Mapping

from core.chains.families.evm import Evm
from core.chains.families.port import Family
from core.kernel import chains, errors

_FAMILIES: Mapping[chains.Family, Family] = {chains.Family.EVM: Evm()}


def of(chain: str) -> Family:
    """Return the family of a chain.

    Raises: Refused (``chain_unavailable``) for a chain whose family has no code yet; InvalidInput (``unknown_chain``).
    """
    found = _FAMILIES.get(chains.get(chain).family)
    if found is None:
        raise errors.Refused(code="chain_unavailable", detail=f"{chain} is not supported yet.")
    return found
