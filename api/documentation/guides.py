"""The guides, in the order in which a developer needs them, and the numbers in their sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from agreements.models import ReportLength, ReportType
from api.request_limits import WINDOW_SECONDS, quotas
from api.sandbox.scenarios import SCENARIOS, meter_number_of
from api.scopes import SCOPE_CHOICES
from meters.identifiers import TEST_PREFIX
from reports.formats import FileFormat


@dataclass(frozen=True)
class Guide:
    """A page of prose; its text is the template of its slug."""

    slug: str
    title: str
    lead: str

    @property
    def template(self) -> str:
        return f"api/docs/guides/{self.slug}.html"


GUIDES = {
    guide.slug: guide
    for guide in (
        Guide("authentication", "Authentication", "Keys, tokens, permissions, and how to replace a key."),
        Guide("creating-agreements", "Create agreements", "What to send, how to check it first, and what is refused."),
        Guide(
            "following-agreements",
            "Follow agreements",
            "Statuses, report states, lists, and how to send fewer requests.",
        ),
        Guide("downloads", "Download files", "Which file to choose, and who sees that you downloaded it."),
        Guide("webhooks", "Receive webhooks", "How to verify them, when we try again, and how to ignore duplicates."),
        Guide("sandbox", "Test in the sandbox", "Test keys, and test ESIIDs that decide what the customer does."),
        Guide(
            "smt-messages",
            "Smart Meter Texas messages",
            "How to use your SMT program with this portal, and what differs.",
        ),
        Guide(
            "limits",
            "Limits",
            "How many requests you can send per minute, and daily limits on agreements and failed matches.",
        ),
        Guide("privacy", "Privacy", "What you see about customers, and where you can't send personal data."),
    )
}

# The files that are no report, by the last part of their paths -> what they are for.
_OTHER_FILES = {
    "manifest.json": "What the report covers and what is missing in it. We keep it longer than the report's file.",
    "authorization.pdf": "The letter of authorization: what the customer agreed to, and when.",
}


def file_purposes() -> dict[str, str]:
    """Return what each file is for, by the last part of its path."""
    return {each.path_name: each.purpose for each in FileFormat} | _OTHER_FILES


def guide_facts() -> dict[str, Any]:
    """Return the numbers and names that the pages' sentences have."""
    hours, example = timedelta(hours=1), f"{TEST_PREFIX}0000001{next(iter(SCENARIOS))}"
    scopes = [str(text).partition(" – ") for _scope, text in SCOPE_CHOICES]
    return {
        "origin": settings.PORTAL_ORIGIN,
        "scopes": [(name, text) for name, _dash, text in scopes],
        "quotas": quotas(),
        "window_seconds": WINDOW_SECONDS,
        "report_types": ReportType.choices,
        "report_lengths": ReportLength.choices,
        "key_days": _key_days(),
        "keys_per_client": settings.API_KEYS_PER_CLIENT,
        "clients_per_company": settings.API_CLIENTS_PER_COMPANY,
        "overlap_hours": settings.API_KEY_OVERLAP // hours,
        "longest_overlap_days": settings.API_KEY_LONGEST_OVERLAP.days,
        "notice_days": sorted(settings.API_KEY_NOTICE_DAYS, reverse=True),
        "token_minutes": settings.API_TOKEN_PERIOD // timedelta(minutes=1),
        "failures": settings.API_FAILURES_PER_NETWORK,
        "failure_minutes": settings.API_FAILURE_PERIOD // timedelta(minutes=1),
        "idempotency_days": settings.API_IDEMPOTENCY_PERIOD.days,
        "body_kb": settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024,
        "meters": settings.AGREEMENT_METERS_PER_FORM,
        "invitation_days": settings.AGREEMENT_INVITATION_PERIOD.days,
        "limit": settings.AGREEMENT_LIMIT_PER_ESIID,
        "limit_days": settings.AGREEMENT_LIMIT_WINDOW.days,
        "failed_per_client": settings.FAILED_MATCHES_PER_USER,
        "failed_per_company": settings.FAILED_MATCHES_PER_COMPANY,
        "failed_per_esiid": settings.FAILED_MATCHES_PER_ESIID,
        "initiations_per_company": settings.INITIATIONS_PER_COMPANY,
        "initiations_per_address": settings.INITIATIONS_PER_ADDRESS,
        "reminders_per_company": settings.REMINDERS_PER_COMPANY,
        "reminders_per_address": settings.REMINDERS_PER_ADDRESS,
        "reminder_days": settings.REMINDER_DAYS,
        "wait_hours": settings.REPORT_DATA_WAIT // hours,
        "report_days": settings.REPORT_RETENTION.days,
        "test_prefix": TEST_PREFIX,
        "test_esiid": example,
        "test_meter": meter_number_of(example),
        "scenarios": SCENARIOS.values(),
        "sandbox_days": settings.SANDBOX_RETENTION.days,
        "personal_days": settings.PERSONAL_DATA_RETENTION.days,
    }


def _key_days() -> str:
    *first, last = settings.API_KEY_DAYS
    return f"{', '.join(map(str, first))}, or {last}"
