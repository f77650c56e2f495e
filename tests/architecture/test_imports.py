"""Imports run one way, and the check that says so would notice one that does not."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from local.addresses import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [package for package in PROJECT["tool"]["importlinter"]["root_packages"] if package != "tests"]


@pytest.fixture
def copied_code(tmp_path):
    """A copy of the code, to be broken."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    check = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", check, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_imports_run_downwards(copied_code):
    outcome = lint(copied_code)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.slow
@pytest.mark.control
@pytest.mark.parametrize(
    ("module", "added_line"),
    [
        ("notifications/models.py", "import meters.models"),
        ("meters/models/premise.py", "from accounts import models"),
        ("agreements/states.py", "from agreements import models"),
        ("reports/actions.py", "from reports import views"),
        ("meters/usage/reader.py", "import tests"),
    ],
)
def test_an_upward_import_is_noticed(copied_code, module, added_line):
    path = copied_code / module
    path.write_text(f"{added_line}\n{path.read_text()}")
    outcome = lint(copied_code)
    assert outcome.returncode == 1
    assert "BROKEN" in outcome.stdout


@pytest.mark.control
def test_a_module_outside_every_layer_is_noticed(copied_code):
    """In each app."""
    for app in PACKAGES:
        (copied_code / app / f"unplaced_in_{app}.py").touch()
    said = lint(copied_code).stdout
    assert [app for app in PACKAGES if f"unplaced_in_{app}" not in said] == []
