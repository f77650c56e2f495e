"""Emails in the admin: staff see the delivery of each, never its text (X5, D1).

They are here because only an agreement knows which TDSP an email belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from agreements.models import Agreement
from lib.scoped_admin import ScopedAdmin
from notifications.actions import retry_failed
from notifications.models import Email

if TYPE_CHECKING:
    from django.http import HttpRequest


_NAMES = {
    "EM201": _("request"),
    "EM202": _("reminder"),
    "EM203": _("acceptance"),
    "EM204": _("report"),
    "EM205": _("rejection"),
}


def describe_kind(kind: str) -> str:
    """Return an email's kind for staff: "EM201: request", or "Join requested" if it has no number."""
    return f"{kind}: {_NAMES[kind]}" if kind in _NAMES else kind.replace("_", " ").capitalize()


class KindFilter(admin.AllValuesFieldListFilter):
    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *kinds = super().choices(changelist)
        yield first  # All
        yield from (choice | {"display": describe_kind(str(choice["display"]))} for choice in kinds)


class EmailForm(forms.ModelForm):
    """The labels of the read-only page."""

    class Meta:
        model = Email
        fields: tuple[str, ...] = ()
        labels = {
            "about": _("About agreement"),
            "to_address": _("To"),
            "message_id": "Message-ID",
            "uncertain_attempts": _("Attempts without an answer"),
            "queued_at": _("Created"),
            "due_at": _("Due"),
            "sent_at": _("Sent"),
            "failed_at": _("Failed"),
            "body_forgotten_at": _("Text deleted"),
        }


@admin.register(Email)
class EmailAdmin(ScopedAdmin):
    """Read-only and without bodies and attachments, which hold the customer's links and letters."""

    form = EmailForm
    fields = (
        ("what", "about", "language"),
        ("to_address", "message_id"),
        ("state", "attempts", "uncertain_attempts"),
        ("failure", "last_error"),
        ("queued_at", "due_at", "sent_at", "failed_at", "body_forgotten_at"),
    )
    readonly_fields = ("what",)
    list_display = ("what", "about", "to_address", "state", "attempts", "queued_at", "sent_at", "last_error")
    list_filter = ("state", ("kind", KindFilter), "queued_at")
    search_fields = ("about", "to_address__iexact")
    search_help_text = _("Agreement number or full email address")
    ordering = ("-queued_at", "-pk")
    actions = ("try_again",)

    def limit_to_tdsp(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        """Return the emails about the TDSP's agreements; only operators see emails about accounts."""
        return records.filter(about__in=Agreement.objects.visible_to(signed_in(request)).values("number"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        # Attachments are large and not for staff.
        return (
            super()
            .get_queryset(request)
            .defer("text", "html", "attachment", "placeholder", "link_nonce", "link_secret")
        )

    @admin.display(description=_("kind"), ordering="kind")
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
