"""A report's file as it is kept: gzip, with what can be said about the bytes inside (DESIGN 2.8)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The gzip container, as zlib names it. zlib writes no time and no name into it, so equal files stay equal bytes.
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 6
_UNPACKED_AT_ONCE = 64 * 1024


@dataclass(frozen=True)
class Packed:
    """`gzipped` bytes; `size`, `sha256` and `lines` are those of the bytes inside."""

    gzipped: bytes
    size: int
    sha256: str
    lines: int


def pack(chunks: Iterable[bytes]) -> Packed:
    """`chunks` compressed as they come: of the file itself only one chunk is ever in memory."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    digest = hashlib.sha256()
    gzipped = bytearray()
    size = lines = 0
    for chunk in chunks:
        digest.update(chunk)
        gzipped += compressor.compress(chunk)
        size += len(chunk)
        lines += chunk.count(b"\n")
    gzipped += compressor.flush()
    return Packed(bytes(gzipped), size, digest.hexdigest(), lines)


def unpack(gzipped: bytes) -> Iterator[bytes]:
    """What `pack` got, in chunks of at most 64 KiB."""
    expander = zlib.decompressobj(_GZIP)
    rest = gzipped
    while rest:
        yield expander.decompress(rest, _UNPACKED_AT_ONCE)
        rest = expander.unconsumed_tail
    if tail := expander.flush():
        yield tail
