"""Celery tasks that run periodically or after a commit. Each may be lost, repeated or late."""

from __future__ import annotations

from celery import shared_task

from meters.imports import uploads
from meters.usage import partitions


@shared_task
def make_partitions() -> None:
    partitions.make_coming_partitions()


@shared_task
def drop_expired_partitions() -> None:
    partitions.drop_expired_partitions()


@shared_task
def import_uploads() -> None:
    uploads.import_due_uploads()
