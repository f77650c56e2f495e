"""Periodic tasks of reports. Each may be lost, repeated or late."""

from celery import shared_task

from reports import actions


@shared_task
def generate_due_reports() -> None:
    actions.generate_due_reports()


@shared_task
def end_waiting() -> None:
    actions.end_waiting()


@shared_task
def purge_files() -> None:
    actions.purge_files()


@shared_task
def delete_old_reports() -> None:
    actions.delete_old_reports()
