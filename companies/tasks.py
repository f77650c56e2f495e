"""Scheduled work of companies."""

from celery import shared_task

from companies import retention


@shared_task
def delete_old_links() -> None:
    retention.delete_old_links()


@shared_task
def delete_old_fingerprints() -> None:
    retention.delete_old_fingerprints()
