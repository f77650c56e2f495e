"""The admin of uploaded files: upload, progress, result, rejected rows (D2)."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from lib.admin_columns import one_line, short_time, status_tag, two_lines
from lib.file_uploads import FilePolicy, accepts_file
from lib.scoped_admin import VIEW, ScopedAdmin, tdsp_of
from meters.imports import Reason, uploads
from meters.imports.results import explain_rejection
from meters.imports.upload_handler import LimitedUploadHandler, is_too_large
from meters.models import Upload, UploadKind, UploadState

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest


KIND_NAMES: dict[str, Any] = {
    UploadKind.PREMISES: _("Premises"),
    UploadKind.METERS: _("Meter numbers"),
    UploadKind.USAGE: _("Usage"),
}
FIRST_REJECTIONS = 20


class UploadForm(forms.ModelForm):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, or a gzip or ZIP file of CSV. Rows that break a rule are listed with line and "
            "reason. All other rows are loaded."
        ),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("The file is empty. Check that it's the right file."),
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.zip,.gz,text/csv,application/zip,application/gzip"}),
    )

    class Meta:
        model = Upload
        fields = ["kind"]

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if is_too_large(file):
            raise ValidationError(
                _(
                    "The file is larger than %(limit)s. Upload it as a ZIP file or in parts, or ask "
                    "the operator of this portal to load it."
                ),
                params={"limit": filesizeformat(settings.LOAD_UPLOAD_LIMIT)},
            )
        return file


@admin.register(Upload)
class UploadAdmin(ScopedAdmin):
    """Uploads of data files. A TDSP's staff import only rows of the TDSP's own premises."""

    operators_may = tdsp_may = VIEW | {"add"}
    tdsp_path = "tdsp"
    customer_data = False  # a file's name and counts
    form = UploadForm
    change_form_template = "admin/meters/upload/progress.html"
    list_display = ["file_and_kind", "state_tag", "units_new", "loaded", "person", "tdsp"]
    list_filter = ["state", "kind", "tdsp"]
    operators_filters = ("tdsp",)
    list_select_related = ["tdsp", "by"]
    search_fields = ["file_name"]  # of few rows: one for each file
    search_help_text = _("Words in the file's name")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["kind", "file"]})]
        error = ["error"] if obj.error else []
        result = ["rows_read", "units_found", "reasons"] if obj.is_finished else []
        times = [name for name in ("started_at", "finished_at") if getattr(obj, name)]
        return [
            (_("Result"), {"fields": ["state_tag", *error, *result]}),
            (_("File"), {"fields": ["kind", "file_name", "file_size", "tdsp_or_all", "person", "queued_at", *times]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            [name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"]] if obj else []
        )

    @admin.display(description=_("file"), ordering="file_name")
    def file_and_kind(self, upload: Upload) -> str:
        return two_lines(upload.file_name, KIND_NAMES[upload.kind])

    @admin.display(description=_("status"), ordering="state")
    def state_tag(self, upload: Upload) -> str:
        if upload.state == UploadState.PARTIAL:
            text = ngettext("%s row rejected", "%s rows rejected", upload.rejected) % intcomma(upload.rejected)
            return status_tag("partial", text)
        return status_tag(upload.state, upload.get_state_display())

    @admin.display(description=_("new or changed"))
    def units_new(self, upload: Upload) -> str:
        """Return the number of premises, meters or days that the file changed, with the unit."""
        return one_line(f"{intcomma(upload.new_or_changed)} {upload.unit}") if upload.is_finished else ""

    @admin.display(description=_("loaded"), ordering="queued_at")
    def loaded(self, upload: Upload) -> str:
        return short_time(upload.queued_at)

    @admin.display(description=_("rows of the file"))
    def rows_read(self, upload: Upload) -> str:
        """Return what became of the rows; the numbers add up to the last line."""
        taken = upload.rows - upload.rejected - upload.superseded
        lines = [(_("Loaded, or already on record"), taken), (_("Rejected"), upload.rejected)]
        if upload.superseded:
            lines.insert(1, (_("Of an older revision, not needed"), upload.superseded))
        return _figures(lines, _("Rows read"), upload.rows)

    @admin.display(description=_("what the rows changed"))
    def units_found(self, upload: Upload) -> str:
        """Return how many premises, meters or days of usage are new, changed or as before, with the unit."""
        lines = [(_("New"), upload.new), (_("Changed"), upload.changed), (_("Unchanged"), upload.unchanged)]
        table = _figures(lines, _("All %s in the file") % upload.unit, sum(count for _label, count in lines))
        notes = []
        if upload.contradicted:
            text = _("%s of the rejected rows have a different value from the one on record, which was kept.")
            notes.append(text % intcomma(upload.contradicted))
        if upload.older:
            text = _("%s of the days are older than the retention period and will be deleted.")
            notes.append(text % intcomma(upload.older))
        return format_html("{}{}", table, format_html_join("", "<p>{}</p>", ((note,) for note in notes)))

    @admin.display(description=_("size"))
    def file_size(self, upload: Upload) -> str:
        return filesizeformat(upload.size)

    @admin.display(description=_("loaded by"))
    def person(self, upload: Upload) -> str:
        return str(upload.by)

    @admin.display(description=_("premises of"))
    def tdsp_or_all(self, upload: Upload) -> str:
        return str(upload.tdsp or _("all TDSPs"))

    @admin.display(description=_("why rows were rejected"))
    def reasons(self, upload: Upload) -> str:
        counted = sorted(upload.rejected_by_reason.items(), key=lambda item: -item[1])
        items = format_html_join("", "<li>{} × {}</li>", ((intcomma(n), Reason(reason).label) for reason, n in counted))
        return format_html("<ul>{}</ul>", items) if items else str(_("No row was rejected."))

    def save_model(self, request: HttpRequest, obj: Upload, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        assert request.user.is_authenticated  # the admin requires it
        queued = uploads.queue_upload(obj.kind, file, by=request.user, only_tdsp=tdsp_of(request))
        obj.pk, obj.file_name = queued.pk, queued.file_name

    @accepts_file(
        FilePolicy(
            LimitedUploadHandler, lambda: settings.LOAD_UPLOAD_LIMIT, lambda user: user.is_active and user.is_staff
        )
    )
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        try:
            return super().add_view(request, form_url, {"title": _("Load data"), **(extra_context or {})})
        except uploads.AlreadyUploaded as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:meters_upload_changelist"))

    def response_add(self, request: HttpRequest, obj: Upload, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, gettext("File received. This page shows the progress of the load."))
        return HttpResponseRedirect(reverse("admin:meters_upload_change", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        rejected = self.admin_site.admin_view(self.rejected_view)
        return [path("<int:pk>/rejected/", rejected, name="meters_upload_rejected"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Add the first rejected rows with their reasons."""
        if upload := kwargs.get("obj"):
            context["rejections"] = [
                (row.file, row.line, explain_rejection(Reason(row.reason), row.column))
                for row in upload.rejections.all()[:FIRST_REJECTIONS]
            ]
            context["several_files"] = len({file for file, _line, _reason in context["rejections"]}) > 1
        return super().render_change_form(request, context, *args, **kwargs)

    def rejected_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the rejected rows as CSV: file, line and reason of the first ten thousand."""
        upload: Upload = self.get_object(request, str(pk))
        response = HttpResponse(
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="load-{upload.pk}-rejected-rows.csv"'},
        )
        writer = csv.writer(response)
        writer.writerow([gettext("File"), gettext("Line"), gettext("Reason")])
        for row in upload.rejections.iterator():
            # Spreadsheets run a name that begins like a formula.
            name = f"'{row.file}" if row.file[:1] in ("=", "+", "-", "@") else row.file
            writer.writerow([name, row.line, explain_rejection(Reason(row.reason), row.column)])
        return response


def _figures(lines: list[tuple[Any, int]], total_label: Any, total: int) -> str:
    """Return a table of counts with their sum."""
    rows = format_html_join(
        "", '<tr><th scope="row">{}</th><td class="num">{}</td></tr>', ((label, intcomma(n)) for label, n in lines)
    )
    sum_row = format_html('<tr><th scope="row">{}</th><td class="num">{}</td></tr>', total_label, intcomma(total))
    return format_html('<table class="figures"><tbody>{}</tbody><tfoot>{}</tfoot></table>', rows, sum_row)
