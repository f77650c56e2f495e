"""Beside the agreement's own page: agreements/<number>/..."""

from django.urls import path

from reports import views

urlpatterns = [
    path("<str:number>/report.csv", views.report_download, name="report_download"),
    path("<str:number>/report.json", views.report_manifest, name="report_manifest"),
]
