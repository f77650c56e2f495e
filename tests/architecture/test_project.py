"""The house as a whole: what CONTRIBUTING.md promises, checked."""

from __future__ import annotations

import inspect

import pytest
from django.apps import apps
from django.conf import settings
from django.template import engines

from smt_portal.celery import app
from tests import factories
from tests.support.source_files import ROOT, tracked

APPS = ["notifications", "meters", "accounts", "notices", "agreements", "reports", "demo"]
EMAILS = sorted({path.stem for path in (ROOT / "templates" / "emails").glob("*.txt")} - {"base"})


def test_every_model_has_a_factory():
    made = {
        factory._meta.model
        for _name, factory in inspect.getmembers(factories, inspect.isclass)
        if hasattr(factory, "_meta") and factory._meta.model
    }
    ours = {model for app in settings.INSTALLED_APPS if app in APPS for model in apps.get_app_config(app).get_models()}
    # A row that only an action ever makes, and that means nothing without it.
    by_action = {"BulkInvitation", "BulkRow", "DayCounter", "PausedCompany", "ReportStateChange", "SandboxCompany"}
    assert {model.__name__ for model in ours - made} <= by_action


@pytest.mark.parametrize("name", EMAILS)
def test_every_email_has_both_parts(name):
    """E1."""
    assert engines["text"].get_template(f"emails/{name}.txt")
    assert engines["django"].get_template(f"emails/{name}.html")


def test_no_email_has_only_html():
    """E1: the parts that are no email of their own are included by others."""
    parts = {"base", "answers", "button", "fact"}
    names = {path.stem for path in (ROOT / "templates" / "emails").glob("*.html")}
    assert names - parts == set(EMAILS)


def test_every_scheduled_task_and_wake_up_exists():
    """E2, R1."""
    app.loader.import_default_modules()
    rung = {task for tasks in settings.WORKER_WAKEUPS.values() for task in tasks}
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert rung | scheduled <= set(app.tasks)
    assert rung <= scheduled, "What is rung for is also swept for: a ring may be lost."


def test_files_stay_short():
    """A app's file can be read at one sitting."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py", "*.html", "*.css", "*.js")
        if "migrations" not in path.parts and (count := len(path.read_text().splitlines())) > 380
    }
    assert not long


def test_no_file_is_named_for_nothing_in_particular():
    names = {"utils.py", "helpers.py", "common.py", "services.py", "signals.py", "core.py", "misc.py"}
    assert not [path for path in tracked("*.py") if path.name in names]


def test_no_page_has_inline_script_or_style():
    """The content security policy would block it; emails have no stylesheet and need it."""
    pages = [path for path in tracked("templates/*.html") if "emails" not in path.parts]
    offenders = [
        str(path.relative_to(ROOT))
        for path in pages
        for text in [path.read_text()]
        if " style=" in text or "<style" in text or " onclick=" in text or "<script>" in text
    ]
    assert not offenders
