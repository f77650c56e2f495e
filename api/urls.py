"""Addresses of the API, of its documentation, and of the pages on which a company manages its clients."""

from django.urls import include, path

from api import views

urlpatterns = [
    path("third-party/api/", views.client_list, name="api_clients"),
    path("third-party/api/new/", views.ClientCreationView.as_view(), name="api_client_new"),
    path("third-party/api/sandbox/", views.sandbox_page, name="api_sandbox"),
    path("third-party/api/<int:pk>/", views.client_detail, name="api_client"),
    path("third-party/api/<int:pk>/edit/", views.ClientChangeView.as_view(), name="api_client_edit"),
    path("third-party/api/<int:pk>/new-key/", views.KeyReplacementView.as_view(), name="api_key_new"),
    path("third-party/api/<int:pk>/turn-off/", views.ClientDisablingView.as_view(), name="api_client_disable"),
    path(
        "third-party/api/<int:client>/keys/<int:pk>/revoke/", views.KeyRevocationView.as_view(), name="api_key_revoke"
    ),
    path("", include("api.documentation.urls")),
    path("", include("api.v1.urls")),
]
