"""Files of bulk invitations for operators, read-only and without the rows, which hold customers' data (T14, D1)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agreements.models import BulkInvitation, BulkInvitationQuerySet
from lib.admin_columns import short_time, status_tag, two_lines
from lib.scoped_admin import NOTHING, VIEW, ScopedAdmin


@admin.register(BulkInvitation)
class BulkInvitationAdmin(ScopedAdmin):
    """What became of each file. A file's meters are of several TDSPs, so only operators see it."""

    operators_may = VIEW
    tdsp_may = NOTHING
    customer_data = False
    list_display = ["company_name", "state_tag", "created_rows", "refused_rows", "sent", "ended"]
    list_filter = ["state", "channel"]
    list_select_related = ["company", "by"]
    search_fields = ["company__legal_name", "by__username"]
    search_help_text = _("The name of a company or a user")
    ordering = ["-created_at", "pk"]
    fields = [
        ("company", "by", "channel"),
        ("state", "stop_reason", "attempts"),
        ("created_rows", "refused_rows", "waiting_rows", "canceled_rows"),
        ("created_at", "attested_at", "due_at", "ended_at", "forgotten_at"),
    ]
    readonly_fields = ["created_rows", "refused_rows", "waiting_rows", "canceled_rows"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        files: BulkInvitationQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        return files.filter(company__sandbox_of=None).with_counts().defer("header", "contact", "file_name")

    @admin.display(description=_("company"), ordering="company__legal_name")
    def company_name(self, bulk: BulkInvitation) -> str:
        return two_lines(bulk.company.legal_name, str(bulk.by))

    @admin.display(description=_("status"), ordering="state")
    def state_tag(self, bulk: BulkInvitation) -> str:
        return two_lines(status_tag(bulk.state, bulk.get_state_display()), bulk.stop_reason)

    @admin.display(description=_("rows created"))
    def created_rows(self, bulk: Any) -> str:
        return str(bulk.created_count)

    @admin.display(description=_("rows refused"))
    def refused_rows(self, bulk: Any) -> str:
        return str(bulk.refused_count)

    @admin.display(description=_("rows not checked yet"))
    def waiting_rows(self, bulk: Any) -> str:
        return str(bulk.not_checked_count)

    @admin.display(description=_("rows canceled"))
    def canceled_rows(self, bulk: Any) -> str:
        return str(bulk.canceled_count)

    @admin.display(description=_("sent"), ordering="attested_at")
    def sent(self, bulk: BulkInvitation) -> str:
        return short_time(bulk.attested_at)

    @admin.display(description=_("ended"), ordering="ended_at")
    def ended(self, bulk: BulkInvitation) -> str:
        return short_time(bulk.ended_at)
