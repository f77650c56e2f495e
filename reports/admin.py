"""Reports for TDSP staff and operators: their records, without files and readings, and retries of failed ones (D1)."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from agreements.admin import AgreementAdmin
from agreements.admin_search import by_agreement_number
from agreements.models import Agreement
from lib.admin_columns import short_day, short_time, status_tag, two_lines
from lib.central_time import format_central
from lib.scoped_admin import ScopedAdmin
from reports import actions
from reports.models import Download, Report


@admin.register(Report)
class ReportAdmin(ScopedAdmin):
    tdsp_path = "tdsp"
    fields = [
        "agreement", "state_tag", "first_day", "last_day", "asked_first_day", "expected_from",
        "made_at", "file_name", "size", "sha256", "purged_at",
        "rows", "totals", "days_present", "missing",
        "expected_intervals", "present_intervals", "estimated_intervals",
        "attempts", "retry_at", "last_error",
    ]  # fmt: skip
    readonly_fields = ["state_tag", "totals", "missing"]
    list_display = ["agreement", "state_tag", "period", "rows", "made"]
    list_filter = ["agreement__report_state"]
    search_kinds = (by_agreement_number("agreement__number"),)
    list_select_related = ["agreement"]
    actions = ["make_again"]

    def log_label(self, record: Report) -> str:
        return record.agreement.number

    @admin.display(description=_("status"))
    def state_tag(self, report: Report) -> str:
        """Return the state, and below it what a failed report waits for."""
        label = report.agreement.get_report_state_display()
        again = format_html("{} {}", _("Next attempt:"), format_central(report.retry_at)) if report.retry_at else ""
        return two_lines(status_tag(report.agreement.report_state, label), again)

    @admin.display(description=_("period"))
    def period(self, report: Report) -> str:
        if not report.first_day:
            return ""
        return two_lines(short_day(report.first_day), format_html("{} {}", _("to"), short_day(report.last_day)))

    @admin.display(description=_("made"), ordering="made_at")
    def made(self, report: Report) -> str:
        return short_time(report.made_at)

    @admin.display(description=_("total"))
    def totals(self, report: Report) -> str:
        totals = ((name, formats.number_format(kwh, use_l10n=True)) for name, kwh in report.totals)
        return format_html_join(", ", "{}: {} kWh", totals) or str(self.get_empty_value_display())

    @admin.display(description=_("days without data"))
    def missing(self, report: Report) -> str:
        missing = []
        for name, ranges in report.missing:
            texts = ({formats.date_format(first): None, formats.date_format(last): None} for first, last in ranges)
            missing.append((name, ", ".join(" – ".join(days) for days in texts)))
        return format_html_join("; ", "{}: {}", missing) or str(_("None"))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "view")

    @admin.action(description=_("Retry failed reports"), permissions=["retry"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        retried = [report for report in queryset if actions.retry_report(report, by=signed_in(request))]
        for report in retried:
            self.log_change(request, report, "Asked for the failed report to be made again.")
        text = ngettext("%d report will be made again.", "%d reports will be made again.", len(retried))
        nothing = _("Nothing has changed. Select failed reports to retry them.")
        level = messages.SUCCESS if retried else messages.WARNING
        self.message_user(request, text % len(retried) if retried else nothing, level)


@admin.register(Agreement)
class AgreementWithReportAdmin(AgreementAdmin):
    """The page of an agreement, with a link to its report."""

    fieldsets = [
        AgreementAdmin.fieldsets[0],
        (_("Report"), {"fields": ["report_state"]}),
        *AgreementAdmin.fieldsets[1:],
    ]
    readonly_fields = [*AgreementAdmin.readonly_fields, "report_state"]

    @admin.display(description=_("report"))
    def report_state(self, agreement: Agreement) -> str:
        state = agreement.get_report_state_display()
        report = Report.objects.filter(agreement=agreement).first()
        if report is None:
            return str(state)
        return format_html('<a href="{}">{}</a>', reverse("admin:reports_report_change", args=[report.pk]), state)


@admin.register(Download)
class DownloadAdmin(ScopedAdmin):
    tdsp_path = "report__tdsp"
    fields = ["report", "person", "format", "at"]
    list_display = ["report", "by", "format", "downloaded"]
    search_kinds = (by_agreement_number("report__agreement__number"),)
    list_select_related = ["report__agreement", "by"]

    @admin.display(description=_("downloaded"), ordering="at")
    def downloaded(self, download: Download) -> str:
        return short_time(download.at)

    @admin.display(description=_("downloaded by"))
    def person(self, download: Download) -> str:
        return str(download.by)

    def log_label(self, record: Download) -> str:
        return record.report.agreement.number
