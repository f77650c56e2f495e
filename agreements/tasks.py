"""Celery tasks of the agreements: each calls an action and may be lost, repeated or late."""

from celery import shared_task

from agreements import deciding, initiating, limits, retention, visitors
from agreements.clock import moment


@shared_task
def expire_overdue() -> None:
    deciding.expire_overdue()


@shared_task
def tell_tdsps() -> None:
    limits.tell_tdsps()


@shared_task
def forget_failures() -> None:
    limits.forget_failures(at=moment())


@shared_task
def forget_traces() -> None:
    visitors.forget_traces()


@shared_task
def forget_people() -> None:
    retention.forget_people()


@shared_task
def delete_old() -> None:
    retention.delete_old()


@shared_task
def forget_drafts() -> None:
    initiating.forget_drafts()
