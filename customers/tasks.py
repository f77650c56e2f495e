"""Scheduled work of customers."""

from __future__ import annotations

from celery import shared_task

from customers import registration


@shared_task
def delete_old_registrations() -> None:
    registration.delete_old_registrations()
