"""Scheduled work of companies (X6). Companies and their history are kept."""

from celery import shared_task

from companies import links
from companies.trust import fingerprints


@shared_task
def delete_old_links() -> None:
    links.delete_old_links()


@shared_task
def delete_old_fingerprints() -> None:
    fingerprints.delete_old_fingerprints()
