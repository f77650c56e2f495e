"""The third party's pages of bulk invitations: upload, preview, send, progress, results, cancel (K1, K4 to K6)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agreements.bulk import actions
from agreements.bulk.files import read_table, template_csv
from agreements.bulk.results import results_csv, results_name
from agreements.forms.bulk import BulkSubmissionForm, BulkUploadForm
from agreements.models import BulkInvitation, BulkRowState, BulkState
from agreements.permissions import acting_member
from agreements.views.third_party import third_party_page
from companies.views.base import MemberRequest
from lib.file_uploads import FilePolicy, accepts_file
from lib.refusals import Refused

MOST_LISTED = 20
FIRST_PROBLEMS = 50
CONTACT_FIELDS = ("contact_name", "contact_phone", "contact_email")


def own_bulk(request: MemberRequest, bulk_id: UUID) -> BulkInvitation:
    """Return a file of the user's company. Raises Http404, and PermissionDenied without the permission to initiate."""
    bulk = get_object_or_404(BulkInvitation.objects.of_company(request.company), pk=bulk_id)
    if not request.membership.may_initiate:
        raise PermissionDenied(_("You don't have permission for this. Ask your company's administrator."))
    return bulk


@accepts_file(FilePolicy(MemoryFileUploadHandler, lambda: settings.BULK_FILE_BYTES, lambda user: user.is_authenticated))
@third_party_page
def bulk_new(request: MemberRequest) -> HttpResponse:
    """Show the form and the company's latest files; read a file and show its preview."""
    acting_member(request.user, "may_initiate")
    form = BulkUploadForm(request.POST, request.FILES) if request.method == "POST" else BulkUploadForm()
    if form.is_valid():
        data = form.cleaned_data
        defaults = actions.BulkDefaults(data["report_type"], data["report_length"])
        try:
            table = read_table(data["file"].read())
            bulk = actions.read_bulk(table, defaults, by=request.user, file_name=data["file"].name)
            return redirect("bulk_invitation", bulk.pk)
        except Refused as refused:
            form.refuse(refused)
    bulks = BulkInvitation.objects.of_company(request.company)[:MOST_LISTED]
    return render(request, "agreements/third_party/bulk_new.html", {"form": form, "bulks": bulks})


@third_party_page
def bulk_template(request: MemberRequest) -> HttpResponse:
    """Download a file with every column and an example row."""
    acting_member(request.user, "may_initiate")
    return csv_response(template_csv(), "bulk-invitations-template.csv")


@third_party_page
def bulk_invitation(request: MemberRequest, bulk: UUID) -> HttpResponse:
    """Show the preview, or the progress and the outcomes; send on POST."""
    own = own_bulk(request, bulk)
    user, phone = request.user, request.user.phone_with_extension or request.company.phone
    contact = {"contact_name": user.get_full_name(), "contact_phone": phone, "contact_email": user.email}
    form = BulkSubmissionForm(request.POST) if request.method == "POST" else BulkSubmissionForm(initial=contact)
    if request.method == "POST" and form.is_valid():
        try:
            actions.send_bulk(own, {name: request.POST[name] for name in CONTACT_FIELDS}, by=user)
            return redirect("bulk_invitation", bulk)
        except Refused as refused:
            form.refuse(refused)
    ready = own.rows.filter(state=BulkRowState.NOT_CHECKED)
    context = {
        "bulk": own,
        "form": form,
        "counts": own.counts(),
        "request_count": ready.values("group").distinct().count(),
        "problems": own.rows.filter(state=BulkRowState.REFUSED).order_by("number")[:FIRST_PROBLEMS],
        "is_preview": own.state == BulkState.PREVIEW,
        "is_stopped": own.state == BulkState.STOPPED,
        "rows_a_minute": settings.BULK_ROWS_A_MINUTE,
    }
    return render(request, "agreements/third_party/bulk.html", context)


@third_party_page
def bulk_results(request: MemberRequest, bulk: UUID) -> HttpResponse:
    """Download the rows with their outcomes, before sending with their problems (K4, K6)."""
    own = own_bulk(request, bulk)
    return csv_response(results_csv(own), results_name(own))


@third_party_page
def bulk_cancel(request: MemberRequest, bulk: UUID) -> HttpResponse:
    """Ask for confirmation on GET, cancel what is not created yet on POST."""
    own = own_bulk(request, bulk)
    if own.is_ended:
        return redirect("bulk_invitation", bulk)
    if request.method == "POST":
        if actions.cancel_bulk(own, by=request.user):
            messages.success(request, _("Canceled. Rows that weren't sent yet won't be sent."))
        return redirect("bulk_invitation", bulk)
    return render(request, "agreements/third_party/bulk_cancel.html", {"bulk": own, "counts": own.counts()})


@third_party_page
@require_POST
def bulk_continue(request: MemberRequest, bulk: UUID) -> HttpResponse:
    """Go on with a file that was stopped (K5)."""
    try:
        actions.continue_bulk(own_bulk(request, bulk), by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("bulk_invitation", bulk)


def csv_response(text: str, name: str) -> HttpResponse:
    # Excel reads UTF-8 only with a BOM.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8", headers=headers)
