"""A Redis that a test may break."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.servers import Redis, redis_program


class BreakableRedis(Redis):
    """A running Redis of the test's own: `url`, `port`, and ways to break it. The address never changes."""

    def kill(self) -> None:
        """End it at once, as a crash would. All it held is lost; `start` brings an empty one back."""
        assert self.process is not None
        self.process.kill()

    def freeze(self) -> None:
        """Stop it from answering while connections stay open and new ones are accepted."""
        assert self.process is not None
        os.kill(self.process.popen.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.popen.pid, signal.SIGCONT)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[BreakableRedis]:
    """A started Redis that this test may `stop`, `kill`, `freeze`, `thaw` and `start` again on the same address."""
    if redis_program() is None:
        pytest.skip("There is no redis-server on this machine.")
    redis = BreakableRedis(log=tmp_path / "redis.log")
    redis.start()
    yield redis
    redis.kill()
