"""A report's file as it is stored: compressed by gzip, with the size and hash of the bytes inside."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zlib_ng import zlib_ng

# The gzip container, as zlib numbers it. No time and no name are written into it.
GZIP_FORMAT = 16 + zlib.MAX_WBITS
COMPRESSION_LEVEL = 4  # zlib-ng's fourth makes files as small as zlib's sixth, in a third of the time
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class CompressedFile:
    """`gzipped` bytes; `size`, `sha256` and `line_count` are those of the bytes inside."""

    gzipped: bytes
    size: int
    sha256: str
    line_count: int


def compress(chunks: Iterable[bytes], level: int = COMPRESSION_LEVEL) -> CompressedFile:
    """Compress `chunks` as they come: only one chunk of the file is ever in memory."""
    compressor = zlib_ng.compressobj(level, zlib.DEFLATED, GZIP_FORMAT)
    digest = hashlib.sha256()
    gzipped = io.BytesIO()  # gives its bytes away without a copy
    size = line_count = 0
    for chunk in chunks:
        digest.update(chunk)
        gzipped.write(compressor.compress(chunk))
        size += len(chunk)
        line_count += chunk.count(b"\n")
    gzipped.write(compressor.flush())
    return CompressedFile(gzipped.getvalue(), size, digest.hexdigest(), line_count)


def decompress(gzipped: bytes) -> Iterator[bytes]:
    """Yield the bytes inside, in chunks of at most CHUNK_BYTES."""
    decompressor = zlib_ng.decompressobj(GZIP_FORMAT)
    rest = gzipped
    while rest:
        yield decompressor.decompress(rest, CHUNK_BYTES)
        rest = decompressor.unconsumed_tail
    if tail := decompressor.flush():
        yield tail
