"""Fixtures of the email tests: a mail server, and a way to queue an email from the tests' own templates."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from notifications.actions import OutgoingEmail, queue_email
from notifications.models import Email
from tests.support.smtp_sink import SmtpSink

MOMENT = datetime(2026, 7, 1, 17, 30, tzinfo=UTC)


@pytest.fixture
def mail_server(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    """The portal's mail server is `smtp_sink`."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 3
    return smtp_sink


@pytest.fixture
def queue(settings: Settings) -> Callable[..., Email]:
    """Queue an email of the tests' template, in a transaction, and return its row."""
    templates = copy.deepcopy(settings.TEMPLATES)
    for engine in templates:
        engine["DIRS"].append(Path(__file__).parent / "templates")
    settings.TEMPLATES = templates

    def queue(key: str = "probe", *, context: dict[str, Any] | None = None, **changes: Any) -> Email:
        values: dict[str, Any] = {
            "kind": "EM201",
            "about": ["102512000233"],
            "to": "maria@example.net",
            "language": "en",
            "subject": "Acme asks for your data",
            "template": "probe",
        } | changes
        variables = {"name": "Acme", "comments": "Hello", "amount": 1, "moment": MOMENT} | (context or {})
        with transaction.atomic():
            queue_email(OutgoingEmail(key=key, context=variables, **values))
        return Email.objects.get(key=key)

    return queue


def address_of_the_test_database() -> str:
    """A DATABASE_URL for other processes: tests run in a database beside the one that the environment names."""
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    return f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{options}"
