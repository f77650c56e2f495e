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
    RUNNING_FILE.touch(mode=0o600)
    RUNNING_FILE.write_text("".join(f"{name}='{value}'\n" for name, value in addresses.items()))
