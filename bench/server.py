"""The benchmark's PostgreSQL, as durable as in production, and Django connected to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from local.addresses import VAR
from local.servers import Postgres

DATABASE = "bench"
# fsync, synchronous_commit and full_page_writes stay on. Checkpoints are few, as on any server that loads at night.
OPTIONS = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "maintenance_work_mem": "256MB",
    "autovacuum": "off",  # it would run in some rounds only; VACUUM is run where it counts
}


@contextmanager
def database() -> Iterator[None]:
    """Provide an empty, migrated database, and remove it afterwards."""
    home = VAR / f"bench-{os.getpid()}"  # two runs may share a checkout
    home.mkdir(parents=True)
    postgres = Postgres(home / "data", log=home / "postgres.log", options=OPTIONS)
    try:
        postgres.start()
        postgres.create_database(DATABASE)
        os.environ |= {"SMT_ENV": "test", "DATABASE_URL": postgres.url(DATABASE), "LOG_LEVEL": "WARNING"}
        connect()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield
    finally:
        postgres.stop()
        shutil.rmtree(home, ignore_errors=True)


def connect() -> None:
    """Set Django up with the database of the environment."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")
    django.setup()
