"""Agreements and emails in the admin, read-only and without links (D1, X5). Reviews: review_admin.py.

Emails are here because only an agreement knows which TDSP an email belongs to.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

import agreements.review_admin  # noqa: F401 - registers the queue of reviews
from accounts.models import signed_in
from agreements.models import Agreement, AgreementEvent, ConsentSignal, Letter, Review
from lib.admin_columns import one_line, short_time, status_tag, two_lines
from lib.central_time import format_central
from lib.scoped_admin import RolePermissions, ScopedAdmin
from meters.identifiers import VISIBLE_DIGITS
from notifications.actions import retry_failed
from notifications.models import Email

_NAMES = {
    "EM201": _("request"), "EM202": _("reminder"), "EM203": _("acceptance"), "EM204": _("report"),
    "EM205": _("rejection"),
}  # fmt: skip


def describe_kind(kind: str) -> str:
    """Return an email's kind for staff: "EM201: request", or "Join requested" if it has no number."""
    return f"{kind}: {_NAMES[kind]}" if kind in _NAMES else kind.replace("_", " ").capitalize()


class KindFilter(admin.SimpleListFilter):
    """Offers the emails of an agreement's life: a fixed list, because finding the kinds on record reads all."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, describe_kind(kind)) for kind in _NAMES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in _NAMES else queryset


class EmailForm(forms.ModelForm):
    """The labels of the read-only page."""

    class Meta:
        model = Email
        fields: tuple[str, ...] = ()
        labels = {
            "about": _("About agreement"), "to_address": _("To"), "message_id": "Message-ID",
            "uncertain_attempts": _("Attempts without an answer"), "queued_at": _("Created"), "due_at": _("Due"),
            "sent_at": _("Sent"), "failed_at": _("Failed"), "body_forgotten_at": _("Text deleted"),
        }  # fmt: skip


@admin.register(Email)
class EmailAdmin(ScopedAdmin):
    """Read-only and without bodies and attachments, which hold the customer's links and letters.

    A TDSP's staff see the emails about its agreements; only operators see emails about accounts.
    """

    tdsp_path = "tdsp_id"
    form = EmailForm
    fields = (
        ("what", "about", "language"),
        ("to_address", "message_id"),
        ("state", "attempts", "uncertain_attempts"),
        ("failure", "last_error"),
        ("queued_at", "due_at", "sent_at", "failed_at", "body_forgotten_at"),
    )
    readonly_fields = ("what",)
    list_display = ("to", "what", "state_tag", "agreements_numbers", "queued", "sent")
    list_filter = ("state", KindFilter, "queued_at")
    search_fields = ("about", "to_address")  # see get_search_results
    search_help_text = _("Agreement number or full email address")
    ordering = ("-queued_at", "-pk")
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        # Attachments are large and not for staff.
        unread = ("text", "html", "placeholder", "link_nonce", "link_secret")
        return super().get_queryset(request).defer(*unread)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the emails about any of the numbers, or to the address; all of both, because an index finds those."""
        if not (words := search_term.split()):
            return queryset, False
        return queryset.filter(Q(about__overlap=words) | Q(to_address__iexact=words[0])), False

    @admin.display(description=_("to"))
    def to(self, email: Email) -> str:
        return email.to_address

    @admin.display(description=_("status"))
    def state_tag(self, email: Email) -> str:
        """Return the state, and below it how often it was tried or why it failed."""
        label = email.get_state_display()
        attempts = ngettext("%d attempt", "%d attempts", email.attempts) % email.attempts if email.attempts > 1 else ""
        return two_lines(status_tag(email.state, label), email.last_error or attempts)

    @admin.display(description=_("agreement"))
    def agreements_numbers(self, email: Email) -> str:
        return one_line(", ".join(email.about))

    @admin.display(description=_("created"), ordering="queued_at")
    def queued(self, email: Email) -> str:
        return short_time(email.queued_at)

    @admin.display(description=_("sent"))
    def sent(self, email: Email) -> str:
        return short_time(email.sent_at)

    @admin.display(description=_("kind"))
    def what(self, email: Email) -> str:
        return describe_kind(email.kind)

    def log_label(self, record: Email) -> str:
        return str(record)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "view")

    @admin.action(description=_("Retry failed emails"), permissions=["retry"])
    def try_again(self, request: HttpRequest, emails: QuerySet[Email]) -> None:
        again = [email for email in emails if retry_failed(email, by=signed_in(request))]
        for email in again:
            self.log_change(request, email, "Tried again.")
        left = emails.count() - len(again)
        if again:
            text = ngettext("%d email will be sent again.", "%d emails will be sent again.", len(again)) % len(again)
            self.message_user(request, text, messages.SUCCESS)
        if left:
            text = ngettext(
                "%d email was not changed: it has not failed, or its text has been deleted.",
                "%d emails were not changed: they have not failed, or their text has been deleted.",
                left,
            )
            self.message_user(request, text % left, messages.WARNING)


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
    fields = ["signed_at", "version", "language", "sha256", "text"]
    verbose_name_plural = _("letter of authorization")


class AgreementAdmin(ScopedAdmin):
    """The page of an agreement. The app that adds the report registers it."""

    change_form_template = "admin/agreements/agreement/change_form.html"

    tdsp_path = "tdsp"
    list_display = ["number", "status_tags", "customer_and_address", "company_name", "esiid_tail", "initiated", "ended"]
    list_filter = ["status", "review", "report_state", "report_type", "initiated_at", "tdsp"]
    operators_filters = ("tdsp",)
    search_fields = [
        "number__startswith", "esiid__startswith", "meter_number__startswith", "last_name__istartswith",
        "email__iexact", "third_party_name__icontains",
    ]  # fmt: skip
    search_help_text = _("Agreement number, ESIID, meter number, customer's last name or email, or company")
    inlines = [EventInline, SignalInline, LetterInline]
    fieldsets = [
        (_("Agreement"), {"fields": [
            ("number", "status"), ("initiated_at", "expires_at", "ended_at"), ("report_type", "report_length"),
            ("granted_type", "granted_length", "is_company_unknown"),
            ("review", "reason"), "emails",
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
    readonly_fields = [
        "customer_name",
        "service_address",
        "emails",
        "privacy_policy_url",
        "language",
        "reason",
        "granted_type",
        "granted_length",
        "is_company_unknown",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        link = ("submission__link_nonce", "submission__link_hash")
        return super().get_queryset(request).select_related("submission", "consent_review").defer(*link)

    @admin.display(description=_("status"), ordering="status")
    def status_tags(self, agreement: Agreement) -> str:
        """Return the status, and the review where there is one."""
        tags = [status_tag(agreement.status, agreement.get_status_display())]
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

    @admin.display(description=_("privacy policy"))
    def privacy_policy_url(self, agreement: Agreement) -> str:
        return agreement.submission.privacy_policy_url

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
