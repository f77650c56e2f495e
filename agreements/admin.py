"""Agreements in the admin: everything about one on a page, read-only and without its link (D1, X5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from agreements.consent.review_admin import ConsentReviewAdmin
from agreements.email_admin import EmailAdmin, describe_kind
from agreements.models import Agreement, AgreementEvent, ConsentSignal, Letter
from lib.central_time import format_central
from lib.scoped_admin import RolePermissions
from notifications.models import Email

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["AgreementAdmin", "EmailAdmin"]

_SECRET = ("link_nonce", "link_hash")


class EventInline(RolePermissions, admin.TabularInline):
    """The timeline (L8)."""

    model = AgreementEvent
    fields = ["at", "kind", "from_status", "to_status", "channel", "person"]
    readonly_fields = ["person"]
    verbose_name_plural = _("timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgreementEvent]:
        return super().get_queryset(request).select_related("by")

    @admin.display(description=_("by"))
    def person(self, event: AgreementEvent) -> str:
        return str(event.by or "")


class SignalInline(RolePermissions, admin.TabularInline):
    """The signals against the consent (X1)."""

    model = ConsentSignal
    fields = ["kind", "at"]
    verbose_name_plural = _("warning signs")


class LetterInline(RolePermissions, admin.StackedInline):
    model = Letter
    fields = ["signed_at", "version", "language", "sha256", "text"]
    verbose_name_plural = _("letter of authorization")


class AgreementAdmin(ConsentReviewAdmin):
    """The page of an agreement. The app that adds the report to it registers it."""

    tdsp_path = "premise__tdsp"
    list_display = [
        "number", "status", "review", "third_party_name", "customer_name", "esiid", "initiated_at", "ended_at",
    ]  # fmt: skip
    list_filter = ["status", "review", "report_type", "initiated_at", "premise__tdsp"]
    operators_filters = ("premise__tdsp",)
    search_fields = [
        "number__startswith",
        "esiid__startswith",
        "meter_number__startswith",
        "last_name__istartswith",
        "email__iexact",
        "third_party_name__icontains",
    ]
    search_help_text = _("Agreement number, ESIID, meter number, customer's last name or email, or company")
    date_hierarchy = "initiated_at"
    inlines = [EventInline, SignalInline, LetterInline]
    fieldsets = [
        (_("Agreement"), {"fields": [
            ("number", "status"), ("initiated_at", "expires_at", "ended_at"), ("report_type", "report_length"),
            ("review", "review_reason"), "emails",
        ]}),
        (_("Third party"), {"fields": [
            "third_party_name", ("contact_name", "contact_phone", "contact_email"), "privacy_policy_url", "comments",
            "attested_at",
        ]}),
        (_("Customer"), {"fields": [
            ("customer_name", "title", "customer_kind", "was_registered"), "customer_company_name", "service_address",
            ("phone", "email", "language"),
        ]}),
        (_("Meter"), {"fields": [("esiid", "meter_number")]}),
    ]  # fmt: skip
    readonly_fields = ["customer_name", "service_address", "emails"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        return super().get_queryset(request).defer(*_SECRET)

    def get_inlines(self, request: HttpRequest, obj: Agreement | None) -> list[Any]:
        """Omit the letter until it exists: Django shows an empty form for it."""
        if obj is None:
            return []
        has = {SignalInline: obj.signals.exists(), LetterInline: hasattr(obj, "letter")}
        return [inline for inline in self.inlines if has.get(inline, True)]

    def log_label(self, record: Agreement) -> str:
        return record.number

    @admin.display(description=_("emails"))
    def emails(self, agreement: Agreement) -> str:
        emails = Email.objects.about(agreement.number).only("kind", "to_address", "state", "queued_at")
        lines = [
            (
                reverse("admin:notifications_email_change", args=[email.pk]),
                describe_kind(email.kind),
                email.to_address,
                format_central(email.queued_at),
                email.get_state_display(),
            )
            for email in emails
        ]
        items = format_html_join("", '<li><a href="{}">{}</a> {}, {}: {}</li>', lines)
        return format_html("<ul>{}</ul>", items) if items else str(_("None"))
