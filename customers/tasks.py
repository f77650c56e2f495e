"""Scheduled work of customers."""

from __future__ import annotations

from celery import shared_task

from customers import claim_review, registration


@shared_task
def delete_old_registrations() -> None:
    registration.delete_old_registrations()


@shared_task
def escalate_overdue_claims() -> None:
    claim_review.escalate_overdue_claims()


@shared_task
def notify_of_failed_claims() -> None:
    claim_review.notify_of_failed_claims()


@shared_task
def delete_old_failed_claims() -> None:
    claim_review.delete_old_failed_claims()
