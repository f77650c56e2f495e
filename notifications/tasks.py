"""Tasks of the schedule and of wake-ups; each may be lost, repeated or late."""

from __future__ import annotations

from celery import shared_task

from notifications import actions, delivery

deliver_due = shared_task(delivery.deliver_due, name="notifications.tasks.deliver_due")
forget_bodies = shared_task(actions.forget_bodies, name="notifications.tasks.forget_bodies")
