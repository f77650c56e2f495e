"""Tasks of the schedule and of wake-ups; each may be lost, repeated or late."""

from __future__ import annotations

from celery import shared_task

from notifications import actions, bounces, delivery


@shared_task
def deliver_due() -> None:
    delivery.deliver_due()


@shared_task
def forget_bodies() -> None:
    actions.forget_bodies()


@shared_task
def read_bounces() -> None:
    bounces.read_maildir()
