"""The development database: whether this version of the portal and its demo made it, and how it is brought up to date.

`python -m local.database SIGN_INS_FILE` migrates it, loads the demo and writes the demo's sign-ins into the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from local.addresses import ROOT


def hash_files(pattern: str) -> dict[str, str]:
    """Return the SHA-256 of each file of the project that matches, by its path."""
    paths = sorted(ROOT.glob(pattern))
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@dataclass(frozen=True)
class Origin:
    """The migrations and the demo that made a development database, as hashes of their files."""

    migrations: dict[str, str]
    demo: dict[str, str]

    @classmethod
    def of_this_version(cls) -> Origin:
        return cls(hash_files("*/migrations/[0-9]*.py"), hash_files("demo/**/*.py"))

    @classmethod
    def read(cls, record: Path) -> Origin | None:
        """Return what `record` says. Older versions wrote none."""
        return cls(**json.loads(record.read_text())) if record.exists() else None

    def write(self, record: Path) -> None:
        record.write_text(json.dumps(asdict(self), indent=2))

    def can_be_migrated(self) -> bool:
        """Whether this version still has every migration that the database has, unchanged."""
        return self.migrations.items() <= self.of_this_version().migrations.items()

    def has_another_demo(self) -> bool:
        return self.demo != self.of_this_version().demo


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    django.setup()
    loader = MigrationLoader(connection)
    for app, name in loader.applied_migrations.keys() - loader.disk_migrations.keys():
        if app in loader.migrated_apps:
            sys.exit(
                f"Another version of the portal made the database in DATABASE_URL: it has the migration {app}.{name}, "
                "which this version does not have. Nothing was changed. Use an empty database, or unset DATABASE_URL."
            )
    call_command("migrate", interactive=False, verbosity=1)
    call_command("createcachetable", verbosity=0)
    call_command("load_demo")
    with Path(sys.argv[1]).open("w") as sign_ins:
        call_command("load_demo", "--show-logins", stdout=sign_ins)


if __name__ == "__main__":
    main()
