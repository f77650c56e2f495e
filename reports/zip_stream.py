"""A ZIP file of files that are stored compressed by gzip, written while it is sent (R5, R6)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

VERSION, NAMES_ARE_UTF8, DEFLATED = 20, 0x800, 8
GZIP_HEADER, GZIP_TRAILER = 10, 8  # bytes, of files without a name in the header


@dataclass(frozen=True)
class ZipMember:
    name: str
    modified_at: datetime
    gzipped: bytes


def stream_zip(members: Iterable[ZipMember]) -> Iterator[bytes]:
    """Yield a ZIP file; only one member is in memory at a time. Together they must stay below 4 GB.

    gzip and ZIP hold the same compressed bytes between different headers: nothing is compressed again.
    """
    directory, offset, count = bytearray(), 0, 0
    for member in members:
        gzipped, name = member.gzipped, member.name.encode()
        if gzipped[:4] != b"\x1f\x8b\x08\x00":
            raise ValueError(f"{member.name} is no gzip file without a name inside")
        crc, size = struct.unpack("<LL", gzipped[-GZIP_TRAILER:])
        compressed = gzipped[GZIP_HEADER:-GZIP_TRAILER]
        at = member.modified_at
        day = max(at.year - 1980, 0) << 9 | at.month << 5 | at.day
        time = at.hour << 11 | at.minute << 5 | at.second // 2
        common = struct.pack(
            "<5H3LHH", VERSION, NAMES_ARE_UTF8, DEFLATED, time, day, crc, len(compressed), size, len(name), 0
        )
        header = b"PK\x03\x04" + common + name
        yield header
        yield compressed
        directory += (
            b"PK\x01\x02" + struct.pack("<H", VERSION) + common + struct.pack("<3H2L", 0, 0, 0, 0, offset) + name
        )
        offset += len(header) + len(compressed)
        count += 1
    yield bytes(directory)
    yield b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(directory), offset, 0)
