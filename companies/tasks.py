"""Scheduled work of companies."""

from __future__ import annotations

from celery import shared_task

from companies import links


@shared_task
def forget_admissions() -> None:
    links.forget_over()
