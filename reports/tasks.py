"""The sweeps of this room; each may be lost, repeated or late."""

from celery import shared_task

from reports import actions, retention


@shared_task
def make_due() -> None:
    actions.make_due()


@shared_task
def purge_files() -> None:
    actions.purge_files()


@shared_task
def delete_old() -> None:
    retention.delete_old()
