"""The Celery application: periodic sweeps, and wake-ups that start one at once.

Every task calls an action and may be lost, repeated or late: the work is in PostgreSQL.
"""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from django.conf import settings
from kombu.connection import Connection
from kombu.entity import Queue

from smt_portal.request_ids import current_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")


class Broker(Connection):
    """Retries a lost broker at least every three seconds: kombu's pause grows to half a minute (ADR 0004)."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        pauses = {"interval_start": 1, "interval_step": 1, "interval_max": 3}
        return super().ensure_connection(*args, **pauses | options)


app = Celery("smt_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.amqp.Connection = Broker
app.autodiscover_tasks()
QUEUES = ("mail", "reports", "imports", "webhooks", "sweeps")
app.conf.task_queues = [Queue(name) for name in QUEUES]  # a worker without --queues takes from all of them

HOUR, DAY = 3600, 24 * 3600
# Task -> every how many seconds.
SWEEPS = {
    "notifications.tasks.deliver_due": 3,
    "reports.tasks.generate_due_reports": 3,
    "reports.tasks.end_waiting": 60,
    "notifications.tasks.read_bounces": 60,
    "agreements.tasks.expire_overdue": 60,
    "agreements.tasks.send_due_bulks": 3,
    "agreements.tasks.delete_bulk_data": HOUR,
    "agreements.tasks.send_due_reminders": 60,
    "agreements.tasks.send_due_summaries": 60,
    "agreements.tasks.fold_counts": 60,
    "agreements.tasks.notify_of_guessing": 60,
    "agreements.tasks.escalate_overdue_reviews": HOUR,
    "agreements.tasks.delete_old_failed_matches": DAY,
    "agreements.tasks.delete_personal_data": HOUR,
    "reports.tasks.delete_old_reports": HOUR,
    "agreements.tasks.delete_old_agreements": HOUR,
    "customers.tasks.delete_old_registrations": HOUR,
    "customers.tasks.escalate_overdue_claims": HOUR,
    "customers.tasks.notify_of_failed_claims": HOUR,
    "customers.tasks.delete_old_failed_claims": DAY,
    "agreements.tasks.delete_old_drafts": HOUR,
    "agreements.tasks.delete_old_summary_entries": HOUR,
    "reports.tasks.purge_files": HOUR,
    "meters.tasks.import_uploads": 5,
    "accounts.tasks.delete_old_access_log_entries": DAY,
    "meters.tasks.make_partitions": 6 * HOUR,
    "meters.tasks.drop_expired_partitions": 6 * HOUR,
    "companies.tasks.delete_old_links": HOUR,
    "companies.tasks.delete_old_fingerprints": DAY,
    "notifications.tasks.forget_bodies": HOUR,
    "api.tasks.send_due_test_bulks": 3,
    "api.tasks.run_sandbox_steps": 2,
    "api.tasks.delete_old_test_agreements": HOUR,
    "api.tasks.publish_events": 3,
    "api.tasks.deliver_due": 3,
    "api.tasks.delete_old_deliveries": HOUR,
    "api.tasks.renew_secrets": DAY,
    "api.tasks.delete_old_events": HOUR,
    "api.tasks.notify_of_expiring_keys": DAY,
    "api.tasks.delete_old_tokens": HOUR,
    "api.tasks.delete_old_idempotency_keys": HOUR,
}
# A sweep that did not start in time is useless: the next one finds the same rows.
app.conf.beat_schedule = {
    task: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5)}}
    for task, seconds in SWEEPS.items()
}
app.conf.beat_max_loop_interval = 3


@setup_logging.connect
def configure_logging(**kwargs: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)


@task_prerun.connect
def name_lines_after_task(task_id: str, **kwargs: Any) -> None:
    current_id.set(task_id)


@task_postrun.connect
def forget_task(**kwargs: Any) -> None:
    current_id.set("")
