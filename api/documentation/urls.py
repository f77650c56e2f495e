"""Addresses of the documentation, and of the page of each kind of problem."""

from django.urls import path

from api.documentation import views

urlpatterns = [
    path("api/docs/", views.start, name="api_docs"),
    path("api/docs/quick-start/", views.quick_start, name="api_docs_quick_start"),
    path("api/docs/guides/<slug:guide>/", views.guide_page, name="api_docs_guide"),
    path("api/docs/reference/", views.reference_index, name="api_docs_reference"),
    path("api/docs/reference/<slug:operation>/", views.operation_page, name="api_docs_operation"),
    path("api/docs/schemas/<slug:schema>/", views.schema_page, name="api_docs_schema"),
    path("api/docs/errors/", views.errors, name="api_docs_errors"),
    path("api/docs/changes/", views.changes, name="api_docs_changes"),
    path("api/v1/problems/<slug:code>", views.problem_page, name="api_problem"),
]
