"""The progress of an import on a terminal: percent, rate and time left."""

from __future__ import annotations

from time import monotonic
from typing import TextIO

_INTERVAL_SECONDS = 0.2
_MEGABYTE = 1_000_000


class ProgressLine:
    """Called with the bytes read and the size of the file; overwrites one line of the terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started_at = self._written_at = monotonic()
        self._done_before = 0

    def __call__(self, done: int, size: int) -> None:
        now = monotonic()
        if done < self._done_before:  # the next file
            self._started_at = now
        self._done_before = done
        if now - self._written_at < _INTERVAL_SECONDS and done < size:
            return
        self._written_at = now
        self._out.write(f"\r\x1b[K{format_progress(done, size, now - self._started_at)}")
        self._out.flush()

    def clear(self) -> None:
        self._out.write("\r\x1b[K")


def format_progress(done: int, size: int, seconds: float) -> str:
    """` 42 %  12.3 MB/s  0:07 left`"""
    rate = done / max(seconds, 0.001)
    left = round(max(size - done, 0) / max(rate, 1))
    hours, minutes = divmod(left // 60, 60)
    clock = f"{hours}:{minutes:02}:{left % 60:02}" if hours else f"{minutes}:{left % 60:02}"
    return f"{done * 100 // max(size, 1):3} %  {rate / _MEGABYTE:.1f} MB/s  {clock} left"
