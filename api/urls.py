"""Addresses of the API, of its documentation, and of the pages on which a company manages its clients."""

from django.urls import include, path

from api import views, webhook_views

WEBHOOKS = [
    path("new/", webhook_views.EndpointCreationView.as_view(), name="api_webhook_new"),
    path("<int:pk>/", webhook_views.endpoint_detail, name="api_webhook"),
    path("<int:pk>/edit/", webhook_views.EndpointChangeView.as_view(), name="api_webhook_edit"),
    path("<int:pk>/new-secret/", webhook_views.SecretReplacementView.as_view(), name="api_webhook_secret"),
    path("<int:pk>/delete/", webhook_views.EndpointDeletionView.as_view(), name="api_webhook_delete"),
    path("<int:pk>/ping/", webhook_views.PingView.as_view(), name="api_webhook_ping"),
    path("<int:pk>/replay/", webhook_views.ReplayView.as_view(), name="api_webhook_replay"),
    path("<int:endpoint>/deliveries/<int:pk>/", webhook_views.delivery_detail, name="api_delivery"),
    path(
        "<int:endpoint>/deliveries/<int:pk>/replay/",
        webhook_views.DeliveryReplayView.as_view(),
        name="api_delivery_replay",
    ),
]
urlpatterns = [
    path("third-party/api/", views.client_list, name="api_clients"),
    path("third-party/api/new/", views.ClientCreationView.as_view(), name="api_client_new"),
    path("third-party/api/sandbox/", views.sandbox_page, name="api_sandbox"),
    path("third-party/api/<int:pk>/", views.client_detail, name="api_client"),
    path("third-party/api/<int:pk>/edit/", views.ClientChangeView.as_view(), name="api_client_edit"),
    path("third-party/api/<int:pk>/new-key/", views.KeyReplacementView.as_view(), name="api_key_new"),
    path("third-party/api/<int:pk>/attestation/on/", views.AttestationView.as_view(), name="api_attestation_on"),
    path(
        "third-party/api/<int:pk>/attestation/off/",
        views.AttestationView.as_view(is_attested=False),
        name="api_attestation_off",
    ),
    path("third-party/api/<int:pk>/turn-off/", views.ClientDisablingView.as_view(), name="api_client_disable"),
    path(
        "third-party/api/<int:client>/keys/<int:pk>/revoke/", views.KeyRevocationView.as_view(), name="api_key_revoke"
    ),
    path("third-party/api/<int:client>/webhooks/", include(WEBHOOKS)),
    path("", include("api.documentation.urls")),
    path("", include("api.v1.urls")),
    path("", include("api.smt.urls")),
]
