"""The accounts room's part of the clock: one line each."""

from __future__ import annotations

from celery import shared_task

from accounts import admissions, looks, registration


@shared_task
def forget_looks() -> None:
    looks.forget_looks()


@shared_task
def forget_admissions() -> None:
    admissions.forget_over()


@shared_task
def forget_unconfirmed() -> None:
    registration.forget_unconfirmed()
