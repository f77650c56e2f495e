"""The accounts room's part of the clock: one line each."""

from __future__ import annotations

from celery import shared_task

from accounts import registration


@shared_task
def forget_unconfirmed() -> None:
    registration.forget_unconfirmed()
