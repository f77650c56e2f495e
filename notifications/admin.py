"""Emails in the admin: operators see what became of each, never what it said (X5, D1)."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications.actions import retry_failed
from notifications.models import Email


@admin.register(Email)
class EmailAdmin(admin.ModelAdmin):
    """Read-only. Bodies and attachments hold links and letters that are the customer's alone."""

    fields = (
        ("kind", "about", "language"),
        ("to_address", "message_id"),
        ("state", "attempts", "uncertain_attempts"),
        "last_error",
        ("queued_at", "due_at", "sent_at", "failed_at", "body_forgotten_at"),
    )
    readonly_fields = tuple(name for row in fields for name in ((row,) if isinstance(row, str) else row))
    list_display = ("kind", "about", "to_address", "state", "attempts", "queued_at", "sent_at", "last_error")
    list_filter = ("state", "kind", "queued_at")
    search_fields = ("about", "to_address__iexact")
    ordering = ("-queued_at", "-pk")
    show_full_result_count = False
    actions = ("try_again",)

    @admin.action(description=_("Try failed emails again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, emails: QuerySet[Email]) -> None:
        again = [email for email in emails if retry_failed(email, by=request.user)]  # type: ignore[arg-type]
        for email in again:
            self.log_change(request, email, "Tried again.")
        left = emails.count() - len(again)
        if again:
            text = ngettext("%d email goes out again.", "%d emails go out again.", len(again)) % len(again)
            self.message_user(request, text, messages.SUCCESS)
        if left:
            text = ngettext(
                "%d email was left alone: it has not failed, or its text was deleted after the retention time.",
                "%d emails were left alone: they have not failed, or their text was deleted after the retention time.",
                left,
            )
            self.message_user(request, text % left, messages.WARNING)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request) and request.user.has_perm("notifications.change_email")

    def has_view_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return self._is_operator(request) and super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request) and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        # What is not shown is not read either: an attachment is large and none of the operator's business.
        return super().get_queryset(request).defer("text", "html", "attachment", "placeholder", "sealed_nonce")

    @staticmethod
    def _is_operator(request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_operator", False))
