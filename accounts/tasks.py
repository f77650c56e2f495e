"""Scheduled work of accounts."""

from __future__ import annotations

from celery import shared_task

from accounts.audit import access_log


@shared_task
def forget_looks() -> None:
    access_log.forget_looks()
