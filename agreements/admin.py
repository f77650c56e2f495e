"""Agreements in the admin, read-only and without links (D1, X5). Reviews: review_admin.py; emails: email_admin.py."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

import agreements.bulk_admin  # registers the files of bulk invitations
import agreements.review_admin  # noqa: F401 - registers the queue of reviews
from agreements import loa
from agreements.admin_search import OF_AGREEMENTS
from agreements.email_admin import describe_kind, language_in_words
from agreements.models import Agreement, AgreementEvent, AgreementQuerySet, ConsentSignal, Letter, Review
from agreements.states import Status
from lib.admin_columns import one_line, short_time, status_tag, two_lines
from lib.central_time import format_central
from lib.phone_numbers import format_phone
from lib.scoped_admin import RolePermissions, ScopedAdmin
from meters.identifiers import VISIBLE_DIGITS
from notifications.models import Email


class CompanyFilter(admin.SimpleListFilter):
    """Shows one company's agreements, by a link; a list of all companies would be too long to choose from."""

    title = _("third party")
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not (key := self.used_parameters.get(self.parameter_name, "")).isdecimal():
            return []
        agreements = model_admin.get_queryset(request).filter(company=key)
        name = agreements.values_list("company__legal_name", flat=True).order_by("-initiated_at", "-number").first()
        return [(key, name)] if name else []

    def has_output(self) -> bool:
        return self.value() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(company=self.value()) if self.lookup_choices else queryset.none()


class EventInline(RolePermissions, admin.TabularInline):
    """The timeline (L8)."""

    model = AgreementEvent
    fields = ["at", "kind", "from_status", "to_status", "channel", "person", "addresses"]
    readonly_fields = ["person", "addresses"]
    verbose_name_plural = _("timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgreementEvent]:
        return super().get_queryset(request).select_related("by", "correction")

    @admin.display(description=_("by"))
    def person(self, event: AgreementEvent) -> str:
        return str(event.by or "")

    @admin.display(description=_("corrected email"))
    def addresses(self, event: AgreementEvent) -> str:
        correction = event.correction
        return f"{correction.old_address} → {correction.new_address}" if correction else ""


class SignalInline(RolePermissions, admin.TabularInline):
    """The signals against the consent (X1)."""

    model = ConsentSignal
    fields = ["kind", "at"]
    verbose_name_plural = _("warning signs")


class LetterInline(RolePermissions, admin.StackedInline):
    model = Letter
    fields = [("signed_at", "language_name", "version"), "hash_of_text", "readable_text"]
    readonly_fields = ["language_name", "hash_of_text", "readable_text"]
    verbose_name_plural = _("letter of authorization")

    @admin.display(description=_("language"))
    def language_name(self, letter: Letter) -> str:
        return language_in_words(letter.language)

    @admin.display(description="SHA-256")
    def hash_of_text(self, letter: Letter) -> str:
        return letter.sha256

    @admin.display(description=_("text"))
    def readable_text(self, letter: Letter) -> str:
        return render_to_string(
            "admin/agreements/letter.html", {"blocks": loa.blocks(letter), "language": letter.language}
        )


class AgreementAdmin(ScopedAdmin):
    """The page of an agreement. The app that adds the report registers it."""

    change_form_template = "admin/agreements/agreement/change_form.html"

    tdsp_path = "tdsp"
    list_display = ["number", "status_tags", "customer_and_address", "company_name", "esiid_tail", "initiated", "ended"]
    list_filter = ["status", "review", "report_state", "report_type", "initiated_at", CompanyFilter, "tdsp"]
    operators_filters = ("tdsp",)
    search_kinds = OF_AGREEMENTS
    inlines = [EventInline, SignalInline, LetterInline]
    fieldsets = [
        (_("Agreement"), {"fields": [
            ("number", "status"), ("initiated_at", "expires_at", "ended_at"), ("report_type", "report_length"),
            ("granted_type", "granted_length", "is_company_unknown"),
            ("review", "reason"), "emails",
        ]}),
        (_("Third party"), {"fields": [
            "third_party", ("contact_name", "contact_number", "contact_email"), "privacy_policy_url", "comments",
            ("attested_at", "authorization_reference"),
        ]}),
        (_("Customer"), {"fields": [
            ("customer_name", "title", "customer_kind", "was_registered"), "customer_company_name", "service_address",
            ("customer_phone", "email", "language"),
        ]}),
        (_("Meter"), {"fields": [("esiid", "meter_number")]}),
    ]  # fmt: skip
    readonly_fields = [
        "customer_name",
        "third_party",
        "contact_number",
        "customer_phone",
        "service_address",
        "emails",
        "privacy_policy_url",
        "authorization_reference",
        "language",
        "reason",
        "granted_type",
        "granted_length",
        "is_company_unknown",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        link = ("submission__link_nonce", "submission__link_hash")
        agreements = cast("AgreementQuerySet", super().get_queryset(request))
        return agreements.with_overdue().select_related("submission", "consent_review").defer(*link)

    @admin.display(description=_("status"), ordering="status")
    def status_tags(self, agreement: Agreement) -> str:
        """Return the status by the clock, and the review where there is one."""
        status = Status.NOT_ACCEPTED if agreement.is_overdue else Status(agreement.status)
        tags = [status_tag(status, status.label)]
        if agreement.review != Review.NONE:
            tags.append(status_tag(agreement.review, agreement.get_review_display()))
        return format_html_join(" ", "{}", ((tag,) for tag in tags))

    @admin.display(description=_("customer"))
    def customer_and_address(self, agreement: Agreement) -> str:
        return two_lines(agreement.addressee, agreement.service_address)

    @admin.display(description=_("third party"), ordering="third_party_name")
    def company_name(self, agreement: Agreement) -> str:
        return agreement.third_party_name

    @admin.display(description="ESIID")
    def esiid_tail(self, agreement: Agreement) -> str:
        """Return the last seven digits: enough to tell meters apart in a list."""
        return one_line("…" + agreement.esiid[-VISIBLE_DIGITS:])

    @admin.display(description=_("sent"), ordering="initiated_at")
    def initiated(self, agreement: Agreement) -> str:
        return short_time(agreement.initiated_at)

    @admin.display(description=_("ended"))
    def ended(self, agreement: Agreement) -> str:
        return short_time(agreement.ended_at)

    @admin.display(description=_("company"))
    def third_party(self, agreement: Agreement) -> str:
        url = reverse("admin:agreements_agreement_changelist")
        link = format_html('<a href="{}?company={}">{}</a>', url, agreement.company_id, _("All its agreements"))
        return two_lines(agreement.third_party_name, link)

    @admin.display(description=_("contact phone"))
    def contact_number(self, agreement: Agreement) -> str:
        return format_phone(agreement.contact_phone)

    @admin.display(description=_("phone"))
    def customer_phone(self, agreement: Agreement) -> str:
        return format_phone(agreement.phone)

    @admin.display(description=_("privacy policy"))
    def privacy_policy_url(self, agreement: Agreement) -> str:
        return agreement.submission.privacy_policy_url

    @admin.display(description=_("authorization reference"))
    def authorization_reference(self, agreement: Agreement) -> str:
        return agreement.submission.authorization_reference

    @admin.display(description=_("language preference"))
    def language(self, agreement: Agreement) -> str:
        return agreement.submission.get_language_display()

    @admin.display(description=_("reason for the decision"))
    def reason(self, agreement: Agreement) -> str:
        return agreement.consent_review.reason if agreement.consent_review else ""

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
        lines = []
        for email in emails:
            url, kind = reverse("admin:notifications_email_change", args=[email.pk]), describe_kind(email.kind)
            lines.append((url, kind, email.to_address, format_central(email.queued_at), email.get_state_display()))
        items = format_html_join("", '<li><a href="{}">{}</a> {}, {}: {}</li>', lines)
        return format_html("<ul>{}</ul>", items) if items else str(_("None"))
