"""Celery tasks of the agreements: each calls an action and may be lost, repeated or late."""

from celery import shared_task

from agreements import actions, creation, limits, retention
from lib.central_time import utc_or_now


@shared_task
def expire_overdue() -> None:
    actions.expire_overdue()


@shared_task
def tell_tdsps() -> None:
    limits.tell_tdsps()


@shared_task
def forget_failures() -> None:
    limits.forget_failures(at=utc_or_now())


@shared_task
def forget_people() -> None:
    retention.forget_people()


@shared_task
def delete_old() -> None:
    retention.delete_old()


@shared_task
def forget_drafts() -> None:
    creation.forget_drafts()
