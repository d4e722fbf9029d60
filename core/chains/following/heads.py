"""Follow a chain block by block: catch up after a pause, notice a reorganisation, walk back to what still stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db.models import Min
from django.db.models.functions import Now

from core.chains.following import arrivals, blocks, listeners, writing
from core.chains.models import Block, ChainOperation, Cursor
from core.chains.models.operation import OPEN
from core.chains.node.answers import Header
from core.kernel import errors

_log = structlog.get_logger(__name__)
_MOST_BLOCKS = 500
_DEEPEST = 1_000
# How many blocks from before the start are remembered: the start itself may be reorganised away, as far back as what
# is not final anywhere (three epochs), and further where a node lost its last minute.
_REMEMBERED = 128


class TooDeep(errors.SystemFault):
    """The chain was reorganised further back than we remember. A person has to look."""

    default_code = "reorg_too_deep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far one look got: blocks read, blocks taken back, and how many are still ahead."""

    head: int
    read: int
    taken_back: int
    behind: int


def follow(*, chain: str, go_on: Callable[[], bool]) -> Followed:
    """Read what is new, up to a bounded number of blocks; nothing is ever skipped.

    Needs: no open database transaction.
    Raises: Unavailable when the node is away or behind itself; TooDeep.
    """
    newest = _newest(chain)
    cursor = Cursor.objects.filter(chain=chain).first() or _begin(chain, newest)
    Cursor.objects.filter(chain=chain).update(node_number=newest.number, checked_at=Now(), trouble="")
    taken_back = 0
    if newest.number >= cursor.number or not _is_on(chain, newest):
        taken_back = _step_back(chain, cursor, newest)
    read = 0
    while go_on() and read < _MOST_BLOCKS and _read_next(chain, newest):
        read += 1
    head = Cursor.objects.get(chain=chain).number
    return Followed(head=head, read=read, taken_back=taken_back, behind=max(newest.number - head, 0))


def _newest(chain: str) -> Header:
    found = blocks.header(chain=chain, which="latest")
    if found is None:
        raise blocks.Shifted(detail=f"{chain} has no newest block.")
    return found


def _begin(chain: str, newest: Header) -> Cursor:
    """Start before the oldest operation that may be in a block already, else at the newest block."""
    oldest = ChainOperation.objects.filter(chain=chain, state__in=OPEN).aggregate(first=Min("from_block"))["first"]
    number = newest.number if oldest is None else min(oldest, newest.number)
    known = [blocks.header(chain=chain, which=hex(each)) for each in range(max(number - _REMEMBERED, 0), number + 1)]
    headers = [each for each in known if each is not None]
    if len(headers) != len(known):
        raise blocks.Shifted(detail=f"{chain} has no block {number}.")
    writing.start(chain=chain, headers=headers, node_number=newest.number)
    return Cursor.objects.get(chain=chain)


def _is_on(chain: str, newest: Header) -> bool:
    """Say whether a node that is behind us is at least on our chain: then it is waited for."""
    known = Block.objects.filter(chain=chain, number=newest.number).first()
    return known is None or known.block_hash == newest.block_hash


def _step_back(chain: str, cursor: Cursor, newest: Header) -> int:
    """Take back what the chain no longer has; return how many blocks that were."""
    number, ours = cursor.number, cursor.block_hash
    while number > newest.number or _hash_at(chain, number) != ours:
        number -= 1
        known = Block.objects.filter(chain=chain, number=number).first()
        if known is None or cursor.number - number > _DEEPEST:
            ours = _oldest_known(chain, number)
            break
        ours = known.block_hash
    if number == cursor.number:
        return 0
    done = writing.retract(chain=chain, ancestor=number, ancestor_hash=ours, head_hash=cursor.block_hash)
    if done is None:
        return 0
    keys, gone = done
    _log.warning("chains.reorganised", chain=chain, blocks=cursor.number - number, ancestor=number, operations=keys)
    listeners.tell_reorged(keys)
    listeners.tell_operations(keys)
    listeners.tell_arrivals(arrivals.views(ids=gone))
    return cursor.number - number


def _hash_at(chain: str, number: int) -> str:
    found = blocks.header(chain=chain, which=hex(number))
    return "" if found is None else found.block_hash


def _oldest_known(chain: str, number: int) -> str:
    """Return the hash to go on from where the memory of blocks ends: the parent of the oldest block that we know.

    Raises: TooDeep when the chain no longer has that one either.
    """
    after = Block.objects.filter(chain=chain, number=number + 1).first()
    if after is None or _hash_at(chain, number) != after.parent_hash:
        raise TooDeep(detail=f"{chain} was reorganised below block {number + 1}, further than we remember.")
    return after.parent_hash


def _read_next(chain: str, newest: Header) -> bool:
    cursor = Cursor.objects.get(chain=chain)
    if cursor.number >= newest.number:
        return False
    content = blocks.read(chain=chain, number=cursor.number + 1)
    brought = writing.append(chain=chain, content=content)
    if brought is None:
        return False
    listeners.tell_arrivals(arrivals.views(ids=brought))
    return True
