"""Where this checkout's own servers listen, while `make run` keeps them.

`smt_portal.run` writes the addresses of the PostgreSQL and Redis it started, and `manage.py` in another terminal
reads them, so that every command works against the running portal without anybody setting a variable.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
RUNNING_FILE = VAR_DIR / "running.json"


def publish(addresses: dict[str, str]) -> None:
    """Write down `addresses` (environment variable -> value) for other processes of this checkout."""
    RUNNING_FILE.parent.mkdir(parents=True, exist_ok=True)
    fresh = RUNNING_FILE.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(addresses, indent=2))
    fresh.replace(RUNNING_FILE)


def withdraw() -> None:
    """Forget the addresses: the servers are gone."""
    RUNNING_FILE.unlink(missing_ok=True)


def adopt() -> None:
    """Take over the published addresses for every variable that the environment does not set itself."""
    try:
        addresses = json.loads(RUNNING_FILE.read_text())
    except (FileNotFoundError, ValueError):
        return
    for name, value in addresses.items():
        os.environ.setdefault(name, value)
