"""The accounts room's part of the clock: one line each."""

from __future__ import annotations

from celery import shared_task

from accounts import looks, registration


@shared_task
def forget_unconfirmed() -> None:
    registration.forget_unconfirmed()


@shared_task
def forget_looks() -> None:
    looks.forget_looks()
