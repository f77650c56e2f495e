"""The pages that show an agreement with its report, and the report's files."""

from django.urls import path

import agreements.url_converters  # noqa: F401 - registers the converter agreement_number
from reports import views
from reports.third_party import views as third_party

urlpatterns = [
    path("agreements/", third_party.agreement_list, name="agreements"),
    path("agreements/export.csv", third_party.agreement_export, name="agreement_export"),
    path("agreements/reports.zip", third_party.report_zip, name="report_zip"),
    path("agreements/<agreement_number:number>/", third_party.agreement_detail, name="agreement"),
    path("agreements/<str:number>/report.csv", views.report_download, name="report_download"),
    path("agreements/<str:number>/report/<str:file_name>", views.report_download, name="report_file"),
    path("agreements/<str:number>/report.json", views.report_manifest, name="report_manifest"),
    path("check/", views.document_check, name="document_check"),
    path("invitation/<str:token>/", views.InvitationView.as_view(), name="invitation"),
    path(
        "invitation/<str:token>/<agreement_number:number>/",
        views.InvitationView.as_view(),
        name="invitation_agreement",
    ),
    path("my/agreements/<str:number>/", views.CustomerAgreementView.as_view(), name="customer_agreement"),
    path("my/agreements/<str:number>/report/<str:file_name>", views.customer_report_file, name="customer_report_file"),
]
