"""Celery tasks of the agreements: each calls an action and may be lost, repeated or late."""

from celery import shared_task

from agreements import deciding, initiating


@shared_task
def expire_overdue() -> None:
    deciding.expire_overdue()


@shared_task
def forget_drafts() -> None:
    initiating.forget_drafts()
