"""The development database: whether this version of the portal made it, and how it is brought up to date.

`python -m local.database SIGN_INS_FILE` migrates it, loads the demo and writes the demo's sign-ins into the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from local.addresses import ROOT


def migration_hashes() -> dict[str, str]:
    """Return the SHA-256 of each migration of the portal's apps, by its path."""
    paths = sorted(ROOT.glob("*/migrations/[0-9]*.py"))
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def is_of_this_version(record: Path) -> bool:
    """Whether `record` has the hashes of migrations that this version still has. Older versions wrote no record."""
    return record.exists() and json.loads(record.read_text()).items() <= migration_hashes().items()


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
