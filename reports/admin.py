"""Reports for TDSP staff and operators: to look at, and to have failed ones made again (D1). No file, no reading."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reports import actions
from reports.models import Download, Report


class ReadOnlyAdmin(admin.ModelAdmin):
    """Seen by whom the model's `visible_to` shows it; added, changed and deleted by nobody."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["agreement", "state", "first_day", "last_day", "rows", "made_at", "attempts", "retry_at"]
    list_filter = ["state"]
    search_fields = ["agreement__number"]
    search_help_text = _("Agreement number")
    list_select_related = ["agreement"]
    date_hierarchy = "made_at"
    actions = ["make_again"]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("reports.change_report")

    @admin.action(description=_("Make failed reports again"), permissions=["retry"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        asked = [report for report in queryset if actions.retry(report, by=request.user)]  # type: ignore[arg-type]
        for report in asked:
            self.log_change(request, report, "Asked to make the failed report again.")
        if not asked:
            nothing = _("No report was changed: only failed ones can be made again. Choose failed ones.")
            self.message_user(request, nothing, messages.WARNING)
            return
        text = ngettext("%d report will be made again now.", "%d reports will be made again now.", len(asked))
        self.message_user(request, text % len(asked), messages.SUCCESS)


@admin.register(Download)
class DownloadAdmin(ReadOnlyAdmin):
    list_display = ["report", "by", "at"]
    search_fields = ["report__agreement__number"]
    search_help_text = _("Agreement number")
    list_select_related = ["report__agreement", "by"]
    date_hierarchy = "at"
