"""Scheduled work of accounts."""

from __future__ import annotations

from celery import shared_task

from accounts import access_log


@shared_task
def delete_old_access_log_entries() -> None:
    access_log.delete_old_entries()
