"""Production starts with settings of its own or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_production import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent


def start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with a complete production environment but for `changes`."""
    environment = dict(PRODUCTION)
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, "-c", "import smt_portal.settings"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_environment_starts():
    """A4: the control of the tests below."""
    done = start()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PORTAL_ORIGIN"]
)
def test_without_one_of_its_secrets_production_refuses_to_start_and_names_it(name):
    """A4."""
    done = start(**{name: None})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "insecure-development-default-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"),
        ("SECRET_KEY", "short"),
        ("DECISION_LINK_KEY", "insecure-development-default-decision-link-key-0123456789-abcdefghijkl"),
        ("DEBUG", "true"),
        ("PORTAL_ORIGIN", "http://portal.example"),
        ("MAILBOX_DIR", "/tmp/mail"),
        ("SMT_ENV", "prodution"),
    ],
)
def test_a_development_value_is_refused_in_production(name, value):
    """A4, E4."""
    done = start(**{name: value})
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr.splitlines()[-1]
