"""The pages that show an agreement with its report, and the report's files."""

from django.urls import path

import agreements.urls  # noqa: F401 - registers the converter agreement_number
from reports.views import agreement_list, customer, report_file, third_party

urlpatterns = [
    path("agreements/", agreement_list.agreement_list, name="agreements"),
    path("agreements/<agreement_number:number>/", third_party.agreement_detail, name="agreement"),
    path("agreements/<str:number>/report.csv", report_file.report_download, name="report_download"),
    path("agreements/<str:number>/report.json", report_file.report_manifest, name="report_manifest"),
    path("invitation/<str:token>/", customer.DecisionWithReportView.as_view(), name="invitation"),
    path("my/agreements/<str:number>/", customer.customer_agreement, name="customer_agreement"),
]
