"""Scheduled work of customers."""

from __future__ import annotations

from celery import shared_task

from customers import registration


@shared_task
def forget_unconfirmed() -> None:
    registration.forget_unconfirmed()
