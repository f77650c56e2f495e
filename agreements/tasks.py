"""Celery tasks of the agreements. Each calls an action and may be lost, repeated or late."""

from celery import shared_task

from agreements import actions, consent_review, counts, daily_limits, daily_summary, reminders, retention
from agreements.bulk import sending
from agreements.bulk.retention import delete_bulk_data as delete_old_bulk_data


@shared_task
def expire_overdue() -> None:
    actions.expire_overdue()


@shared_task
def send_due_reminders() -> None:
    reminders.send_due_reminders()


@shared_task
def send_due_summaries() -> None:
    daily_summary.send_due_summaries()


@shared_task
def delete_old_summary_entries() -> None:
    daily_summary.delete_old_entries()


@shared_task
def notify_of_guessing() -> None:
    daily_limits.notify_of_guessing()


@shared_task
def escalate_overdue_reviews() -> None:
    consent_review.escalate_overdue_reviews()


@shared_task
def delete_personal_data() -> None:
    retention.delete_personal_data()


@shared_task
def delete_old_agreements() -> None:
    retention.delete_old_agreements()


@shared_task
def delete_old_drafts() -> None:
    retention.delete_old_drafts()


@shared_task
def delete_old_failed_matches() -> None:
    retention.delete_old_failed_matches()


@shared_task
def fold_counts() -> None:
    counts.fold_counts()


@shared_task
def send_due_bulks() -> None:
    sending.send_due_bulks()


@shared_task
def delete_bulk_data() -> None:
    delete_old_bulk_data()
