"""The meters room's part of the clock: one line each."""

from __future__ import annotations

from celery import shared_task

from meters import loads, usage


@shared_task
def make_partitions() -> None:
    usage.make_coming_partitions()


@shared_task
def load_due() -> None:
    loads.load_due()
