"""Beside the agreement's own page: agreements/<number>/..."""

from django.urls import path

from reports.views import report_file

urlpatterns = [
    path("<str:number>/report.csv", report_file.report_download, name="report_download"),
    path("<str:number>/report.json", report_file.report_manifest, name="report_manifest"),
]
