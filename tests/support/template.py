"""A migrated database that every test process copies: migrations run once, not once for each process.

Its name contains a hash of all migrations, so a changed migration makes a new one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
from environ import Env
from psycopg import sql

from local.servers import ROLES, apply_roles
from tests.support.source_files import ROOT

PREFIX = "smt_template_"


def prepare_template() -> str:
    """Return the name of the template on the server of DATABASE_URL; it is made if it does not exist."""
    files = [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements" / "dev.txt", ROLES]
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files))
    name = f"{PREFIX}{digest.hexdigest()[:16]}"
    url = urlsplit(os.environ["DATABASE_URL"])
    server = Env.db_url_config(os.environ["DATABASE_URL"])
    login = {key: server[key.upper()] or None for key in ("host", "port", "user", "password")}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as connection:
        # Two test runs may share a server: the second waits for the template of the first.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        rows = connection.execute(
            "SELECT datname, datistemplate FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        )
        templates = dict(rows.fetchall())
        if not templates.pop(name, False):
            for outdated in {*templates, name}:
                if templates.get(outdated):
                    connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(outdated)))
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(outdated)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with psycopg.connect(**login, dbname=name, autocommit=True) as template:
                apply_roles(template)
            # Owned as in production, so that a test can sign in as the web server or a worker.
            environment = os.environ | {
                "PGOPTIONS": "-c role=portal_owner",
                "DATABASE_URL": urlunsplit(url._replace(path=f"{url.path.rpartition('/')[0]}/{name}")),
            }
            for command in (["migrate", "--no-input"], ["createcachetable"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command, "--verbosity=0"], cwd=ROOT, env=environment, check=True
                )
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    return name
