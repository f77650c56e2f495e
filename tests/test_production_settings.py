"""Production starts with settings of its own or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_production import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = ["SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PORTAL_ORIGIN"]


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


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUIRED)
def test_production_names_a_missing_variable_and_refuses_to_start(name):
    """A4."""
    done = start(**{name: None})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "insecure-development-default-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"),
        ("SECRET_KEY", "short"),
        ("DECISION_LINK_KEY", "insecure-development-default-decision-link-key-0123456789-abcdefghijkl"),
        ("DEBUG", "true"),
        ("PORTAL_ORIGIN", "http://portal.example"),
        ("MAILBOX_DIR", "/tmp/mail"),
        ("WEBHOOKS_ALLOW_PRIVATE", "true"),
        ("SMT_ENV", "prodution"),
    ],
)
def test_a_development_value_is_refused_in_production(name, value):
    """A4, E4."""
    done = start(**{name: value})
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr.splitlines()[-1]


def test_the_image_is_built_with_every_required_variable():
    """A4: collecting its static files starts Django as production does."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert [name for name in REQUIRED if f"{name}=" not in dockerfile] == []


def test_production_needs_no_development_package():
    """A4: the image has no local/, and the settings read nothing from var/."""
    names = "import smt_portal.settings, smt_portal.urls, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {names}"],
        env=PRODUCTION | {"DJANGO_SETTINGS_MODULE": "smt_portal.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {"local", "demo", "tests"} & {name.partition(".")[0] for name in done.stdout.split()} == set()
