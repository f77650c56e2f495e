"""Emails in the admin, read-only and without bodies (D1, X5).

They are here because only an agreement knows which TDSP an email belongs to.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from agreements.admin_search import BY_NUMBERS
from lib.admin_columns import one_line, short_time, status_tag, two_lines
from lib.admin_search import by_email
from lib.scoped_admin import ScopedAdmin
from notifications.actions import retry_failed
from notifications.models import Email

_NAMES = {
    "EM201": _("request"), "EM202": _("reminder"), "EM203": _("acceptance"), "EM204": _("report"),
    "EM205": _("rejection"),
}  # fmt: skip


def describe_kind(kind: str) -> str:
    """Return an email's kind for staff: "EM201: request", or "Join requested" if it has no number."""
    return f"{kind}: {_NAMES[kind]}" if kind in _NAMES else kind.replace("_", " ").capitalize()


def language_in_words(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))


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
        ("what", "about", "language_name"),
        ("to_address", "message_id"),
        ("state", "attempts", "uncertain_attempts"),
        ("failure", "last_error"),
        ("queued_at", "due_at", "sent_at", "failed_at", "body_forgotten_at"),
    )
    readonly_fields = ("what", "language_name")
    list_display = ("to", "what", "state_tag", "agreements_numbers", "queued", "sent")
    list_filter = ("state", KindFilter, "queued_at")
    search_kinds = (BY_NUMBERS, by_email("to_address"))
    ordering = ("-queued_at", "-pk")
    actions = ("try_again",)

    def leave_out_sandbox(self, records: QuerySet[Any]) -> QuerySet[Any]:
        return records.filter(is_sandbox=False)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        # Attachments are large and not for staff.
        unread = ("text", "html", "placeholder", "link_nonce", "link_secret")
        return super().get_queryset(request).defer(*unread)

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

    @admin.display(description=_("language"))
    def language_name(self, email: Email) -> str:
        return language_in_words(email.language)

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
