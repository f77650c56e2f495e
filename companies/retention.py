"""How long the portal keeps a company's links and fingerprints (X6). Companies and their history are kept."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from companies.models import CompanyFingerprint, CompanyLink, CompanyLinkKind


def delete_old_links(*, at: datetime | None = None) -> int:
    """Delete links that ended or expired settings.COMPANY_LINK_RETENTION ago; return their number.

    What a stranger typed, a password hash included, is cleared as soon as the link expires. Invitations keep it:
    an administrator may send them again.
    """
    now = at or Now()
    expired = CompanyLink.objects.filter(expires_at__lt=now).exclude(kind=CompanyLinkKind.INVITATION)
    expired.exclude(answers={}).update(answers={})
    before = now - settings.COMPANY_LINK_RETENTION
    return CompanyLink.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before)).delete()[0]


def delete_old_fingerprints() -> int:
    """Delete fingerprints not seen for settings.COMPANY_FINGERPRINT_RETENTION; return their number."""
    old = CompanyFingerprint.objects.filter(last_seen_at__lt=Now() - settings.COMPANY_FINGERPRINT_RETENTION)
    return old.delete()[0]
