"""A pytest plugin: the PostgreSQL and Redis that the tests run against, ready before Django reads its settings.

Loaded through `-p tests.support.servers` in pyproject.toml. `DATABASE_URL` and `REDIS_URL`, when set, are used. Under
pytest-xdist the controller starts the servers and every worker gets its own Redis database.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from local.addresses import VAR
from local.servers import Postgres, Redis, redis_program
from tests.support.template import prepare_template

# The data of a test run is worth nothing: speed over durability.
FAST_AND_LOOSE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "autovacuum": "off",
}

TEMPLATE = "SMT_TEST_TEMPLATE"  # the database that each test process copies

_services = ExitStack()
logs: list[Path] = []  # of the servers that this process has started


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    # A wrapper runs before pytest-django's hook of this name, which reads the settings.
    os.environ["SMT_ENV"] = "test"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        start_services(_services)
        os.environ[TEMPLATE] = prepare_template()
    elif os.environ.get("REDIS_URL"):
        number = int(re.sub(r"\D", "", worker)) + 1
        os.environ["REDIS_URL"] = re.sub(r"/\d+$", f"/{number}", os.environ["REDIS_URL"])
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    _services.close()


def start_services(stack: ExitStack) -> None:
    """Start what the environment does not name; `stack` stops it again."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    home, lock = _own_folder()
    stack.callback(lock.close)
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(home / "data", log=home / "postgres.log", options=FAST_AND_LOOSE)
        logs.append(postgres.log)
        stack.callback(postgres.stop)
        postgres.start()
        postgres.create_database("smt_portal")
        os.environ["DATABASE_URL"] = postgres.url("smt_portal")
        stack.callback(os.environ.pop, "DATABASE_URL", None)
    if not os.environ.get("REDIS_URL") and redis_program():
        redis = Redis(log=home / "redis.log")
        stack.callback(redis.stop)
        redis.start()
        os.environ["REDIS_URL"] = redis.url
        stack.callback(os.environ.pop, "REDIS_URL", None)


def _own_folder() -> tuple[Path, IO[str]]:
    """The first of var/test-postgres, var/test-postgres-2, ... that no other test run of this checkout uses now."""
    for number in range(1, 50):
        home = VAR / ("test-postgres" if number == 1 else f"test-postgres-{number}")
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return home, lock
    raise pytest.UsageError("Fifty test runs use this checkout already.")


def main(command: list[str]) -> int:
    """Run `command` against the tests' servers: `python -m tests.support.servers python manage.py ...`"""
    os.environ["SMT_ENV"] = "test"
    with ExitStack() as stack:
        start_services(stack)
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
