"""Bytes to move, and how to see that they came as they were."""

from __future__ import annotations

import zlib

PIECE = 1 << 16


def payload(size: int, seed: int = 1) -> bytearray:
    """Return bytes that do not repeat within a piece and differ from piece to piece."""
    piece = bytearray((at * 197 + seed * 31 + (at >> 8)) & 255 for at in range(min(size, PIECE)))
    made = bytearray()
    for number in range((size + PIECE - 1) // PIECE):
        piece[:4] = number.to_bytes(4, "little")
        made += piece
    return made[:size]


def checksum(data: bytes | bytearray | memoryview) -> int:
    """Return a checksum of all bytes."""
    return zlib.crc32(data)
