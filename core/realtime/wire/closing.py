"""Why a socket is closed by us, as the contract's close codes."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """The codes that a client sees. 4400 to 4413 mean: change something before you come back."""

    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    AUTHENTICATION = 4401
    FORBIDDEN = 4403
    UNKNOWN_CHANNEL = 4404
    TIMEOUT = 4408
    TOO_MANY_SOCKETS = 4409
    TOO_LARGE = 4413
    RATE = 4429
    SLOW_CONSUMER = 4430


class Refusal(Exception):  # what happens, not what went wrong: the name reads as the contract does
    """The socket is to be closed with this code; ``code`` goes into the error frame that precedes it."""

    def __init__(self, close: CloseCode, *, code: str, detail: str) -> None:
        self.close = close
        self.code = code
        self.detail = detail
        super().__init__(f"{close.value} {code}: {detail}")
