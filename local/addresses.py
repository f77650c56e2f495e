"""The addresses of this checkout's own servers, in a file that the settings read while `make run` runs.

With it, `manage.py` in another terminal works against the running portal without setting any variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
RUNNING_FILE = VAR / "running.env"


def publish_addresses(addresses: Mapping[str, str]) -> None:
    """Write `addresses` (environment variable -> value) as django-environ reads them; only the owner may read them."""
    RUNNING_FILE.parent.mkdir(parents=True, exist_ok=True)
    unfinished = RUNNING_FILE.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("".join(f"{name}='{value}'\n" for name, value in addresses.items()))
    unfinished.replace(RUNNING_FILE)


def published_addresses() -> dict[str, str]:
    """Return what a running `make run` published, else nothing."""
    if not RUNNING_FILE.exists():
        return {}
    lines = (line.partition("=") for line in RUNNING_FILE.read_text().splitlines())
    return {name: value[1:-1] for name, _equals, value in lines}


def withdraw_addresses() -> None:
    RUNNING_FILE.unlink(missing_ok=True)
