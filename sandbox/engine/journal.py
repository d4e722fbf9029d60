"""A redo log: one small write makes a turn's statements survive SIGKILL, long before SQLite writes its pages.

A frame is length, checksum, number and the statements. A frame that was cut off by a kill is the last one and ignored:
its answer never left.
"""

from __future__ import annotations

import marshal
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# SQL with its parameters.
Statement = tuple[str, Sequence[Any]]

_HEAD = struct.Struct("<IIQ")


class Journal:
    """The file beside the database. Only the store uses it."""

    def __init__(self, *, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._path = path

    def append(self, *, number: int, statements: list[Statement]) -> None:
        """Write one frame; what is written is the kernel's and outlives this process."""
        payload = marshal.dumps(statements)
        frame = _HEAD.pack(len(payload), zlib.crc32(payload), number) + payload
        while frame:
            frame = frame[os.write(self._file, frame) :]

    def frames(self) -> Iterator[tuple[int, list[Statement]]]:
        """Return every whole frame, oldest first."""
        raw = self._path.read_bytes()
        place = 0
        while place + _HEAD.size <= len(raw):
            length, checksum, number = _HEAD.unpack_from(raw, place)
            payload = raw[place + _HEAD.size : place + _HEAD.size + length]
            if len(payload) < length or zlib.crc32(payload) != checksum:
                return
            yield number, marshal.loads(payload)  # noqa: S302 - this process's own file, checked above
            place += _HEAD.size + length

    def clear(self) -> None:
        """Forget everything: the database has it."""
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
