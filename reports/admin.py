"""Reports for TDSP staff and operators: to look at, and to have failed ones made again (D1). No file, no reading."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from meters.staff_admin import ScopedAdmin
from reports import actions
from reports.models import Download, Report


@admin.register(Report)
class ReportAdmin(ScopedAdmin):
    tdsp_path = "agreement__premise__tdsp"
    exclude = ["day_states"]  # a letter for each day; the agreement's page draws them
    list_display = ["agreement", "state", "first_day", "last_day", "rows", "made_at", "attempts", "retry_at"]
    list_filter = ["state"]
    search_fields = ["agreement__number__startswith"]
    search_help_text = _("Agreement number")
    list_select_related = ["agreement"]
    date_hierarchy = "made_at"
    actions = ["make_again"]

    def look_label(self, record: Report) -> str:
        return record.agreement.number

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "view")

    @admin.action(description=_("Make failed reports again"), permissions=["retry"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        asked = [report for report in queryset if actions.retry(report, by=signed_in(request))]
        for report in asked:
            self.log_change(request, report, "Asked to make the failed report again.")
        if not asked:
            nothing = _("No report was changed: only failed ones can be made again. Choose failed ones.")
            self.message_user(request, nothing, messages.WARNING)
            return
        text = ngettext("%d report will be made again now.", "%d reports will be made again now.", len(asked))
        self.message_user(request, text % len(asked), messages.SUCCESS)


@admin.register(Download)
class DownloadAdmin(ScopedAdmin):
    tdsp_path = "report__agreement__premise__tdsp"
    fields = ["report", "person", "at"]
    list_display = ["report", "by", "at"]
    search_fields = ["report__agreement__number__startswith"]
    search_help_text = _("Agreement number")
    list_select_related = ["report__agreement", "by"]
    date_hierarchy = "at"

    @admin.display(description=_("fetched by"))
    def person(self, download: Download) -> str:
        return str(download.by)

    def look_label(self, record: Download) -> str:
        return record.report.agreement.number
