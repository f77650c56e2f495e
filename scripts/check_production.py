"""Start Django as production would, with made-up values for everything that production requires, and run its checks."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SMT_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "DECISION_LINK_KEY": secrets.token_urlsafe(64),
    "MFA_KEY": secrets.token_urlsafe(64),
    "DATABASE_URL": "postgres://portal:secret@db.example:5432/smt_portal?sslmode=verify-full",
    "REDIS_URL": "rediss://:secret@redis.example:6379/0?ssl_cert_reqs=required",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example:587",
    "PORTAL_ORIGIN": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example",
    "PATH": os.environ["PATH"],
}

if __name__ == "__main__":
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    sys.exit(subprocess.run(command, cwd=ROOT, env=PRODUCTION, check=False).returncode)
