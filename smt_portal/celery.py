"""The Celery application: periodic sweeps, and wake-ups that start one at once.

Every task calls an action and may be lost, repeated or late: the work is in PostgreSQL.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import setup_logging
from kombu.connection import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")


class Broker(Connection):
    """Retries a lost broker at least every three seconds: kombu's pause grows to half a minute (ADR 0004)."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        pauses = {"interval_start": 1, "interval_step": 1, "interval_max": 3}
        return super().ensure_connection(*args, **pauses | options)


class PatientAMQP(AMQP):
    Connection = Broker


app = Celery("smt_portal", amqp=PatientAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: float, task: str) -> dict[str, Any]:
    # A sweep that did not start in time is useless: the next one finds the same rows.
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5)}}


app.conf.beat_schedule = {
    "deliver due emails": _every(3, "notifications.tasks.deliver_due"),
    "generate due reports": _every(3, "reports.tasks.generate_due_reports"),
    "record expired invitations": _every(60, "agreements.tasks.expire_overdue"),
    "tell TDSPs about guessing": _every(60, "agreements.tasks.notify_of_guessing"),
    "forget old failed matches": _every(24 * 3600, "agreements.tasks.delete_old_failed_matches"),
    "forget people who never accepted": _every(3600, "agreements.tasks.delete_personal_data"),
    "delete old reports' records": _every(3600, "reports.tasks.delete_old_reports"),
    "delete old agreements": _every(3600, "agreements.tasks.delete_old_agreements"),
    "delete old registrations": _every(3600, "customers.tasks.delete_old_registrations"),
    "forget abandoned drafts": _every(3600, "agreements.tasks.delete_old_drafts"),
    "purge old report files": _every(3600, "reports.tasks.purge_files"),
    "import uploads": _every(5, "meters.tasks.import_uploads"),
    "delete old access log entries": _every(24 * 3600, "accounts.tasks.delete_old_access_log_entries"),
    "make coming partitions": _every(6 * 3600, "meters.tasks.make_partitions"),
    "drop expired partitions": _every(6 * 3600, "meters.tasks.drop_expired_partitions"),
    "delete old company links": _every(3600, "companies.tasks.delete_old_links"),
    "delete old company fingerprints": _every(24 * 3600, "companies.tasks.delete_old_fingerprints"),
    "forget old email bodies": _every(3600, "notifications.tasks.forget_bodies"),
}
app.conf.beat_max_loop_interval = 3


@setup_logging.connect
def configure_logging(**kwargs: Any) -> None:
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
