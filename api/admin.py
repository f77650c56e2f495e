"""API clients for operators, who see which there are and can turn them off (P4)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from api.clients import disable_client
from api.endpoints import disable_by_operator
from api.models import ApiClient, ApiClientQuerySet, ApiKey, WebhookEndpoint
from lib.admin_columns import short_time
from lib.phone_numbers import format_phone
from lib.scoped_admin import NOTHING, VIEW, RolePermissions, ScopedAdmin


class ApiKeyInline(RolePermissions, admin.TabularInline):
    """The keys' beginnings and their last use. A key itself is nowhere on record."""

    operators_may = VIEW
    tdsp_may = NOTHING
    model = ApiKey
    fields = ["created_at", "expires_at", "replaced_at", "revoked_at", "last_used_at"]
    verbose_name_plural = _("keys")
    max_num = 0


@admin.register(ApiClient)
class ApiClientAdmin(ScopedAdmin):
    operators_may = VIEW
    tdsp_may = NOTHING
    customer_data = False
    list_display = ["name", "company_name", "environment", "client_name", "created", "last_used", "turned_off"]
    list_filter = ["environment", ("disabled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["membership__company__sandbox_of", "membership__user"]
    search_fields = ["name", "membership__user__username", "membership__company__legal_name"]
    search_help_text = _("The name of a client or a company, or a client ID")
    fields = [
        ("name", "client_name", "company_name", "environment"),
        "scope_names",
        ("contact_name", "phone", "contact_email"),
        "allowed_networks",
        ("created_by", "created_at", "disabled_at"),
    ]
    readonly_fields = ["client_name", "company_name", "scope_names", "phone"]
    inlines = [ApiKeyInline]
    actions = ["turn_off"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        clients: ApiClientQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        return clients.with_use()

    @admin.display(description=_("company"), ordering="membership__company__legal_name")
    def company_name(self, client: ApiClient) -> str:
        return str(client.owner)

    @admin.display(description=_("client ID"))
    def client_name(self, client: ApiClient) -> str:
        return client.client_id

    @admin.display(description=_("permissions"))
    def scope_names(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=_("contact phone"))
    def phone(self, client: ApiClient) -> str:
        return format_phone(client.contact_phone)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, client: ApiClient) -> str:
        return short_time(client.created_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, client: Any) -> str:
        return short_time(client.last_used_at)

    @admin.display(description=_("turned off"), ordering="disabled_at")
    def turned_off(self, client: ApiClient) -> str:
        return short_time(client.disabled_at)

    def has_disable_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "view")

    @admin.action(
        description=_("Turn off permanently: keys stop working, and we email the company"), permissions=["disable"]
    )
    def turn_off(self, request: HttpRequest, clients: QuerySet[ApiClient]) -> None:
        by = signed_in(request)
        disabled = [client for client in clients if disable_client(client, by=by)]
        for client in disabled:
            self.log_change(request, client, "Turned off.")
        text = ngettext("%d API client was turned off.", "%d API clients were turned off.", len(disabled))
        self.message_user(request, text % len(disabled), messages.SUCCESS if disabled else messages.WARNING)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ScopedAdmin):
    """Endpoints and their health. A URL may have a secret of the company's in it, so only its host is here (W4)."""

    operators_may = VIEW
    tdsp_may = NOTHING
    customer_data = False
    list_display = ["host_name", "company_name", "client_name", "success", "failure", "consecutive_failures", "off"]
    list_filter = [("disabled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["client__membership__company__sandbox_of"]
    search_fields = ["endpoint_id", "client__name", "client__membership__company__legal_name"]
    search_help_text = _("The name of a client or a company, or an endpoint ID")
    fields = [
        ("endpoint_id", "host_name"),
        ("company_name", "client_name"),
        ("created_at", "disabled_at", "disabled_reason"),
        ("last_success_at", "last_failure_at", "consecutive_failures", "failing_since"),
    ]
    readonly_fields = ["host_name", "company_name", "client_name"]
    actions = ["turn_off"]

    @admin.display(description=_("host"))
    def host_name(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.host

    @admin.display(description=_("company"), ordering="client__membership__company__legal_name")
    def company_name(self, endpoint: WebhookEndpoint) -> str:
        return str(endpoint.client.owner)

    @admin.display(description=_("API client"), ordering="client__name")
    def client_name(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.client.name

    @admin.display(description=_("last success"), ordering="last_success_at")
    def success(self, endpoint: WebhookEndpoint) -> str:
        return short_time(endpoint.last_success_at)

    @admin.display(description=_("last failure"), ordering="last_failure_at")
    def failure(self, endpoint: WebhookEndpoint) -> str:
        return short_time(endpoint.last_failure_at)

    @admin.display(description=_("turned off"), ordering="disabled_at")
    def off(self, endpoint: WebhookEndpoint) -> str:
        return short_time(endpoint.disabled_at)

    def has_disable_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "view")

    @admin.action(description=_("Turn off, and email the company"), permissions=["disable"])
    def turn_off(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        by = signed_in(request)
        disabled = [endpoint for endpoint in endpoints if disable_by_operator(endpoint, by=by)]
        for endpoint in disabled:
            self.log_change(request, endpoint, "Turned off.")
        text = ngettext("%d webhook endpoint was turned off.", "%d webhook endpoints were turned off.", len(disabled))
        self.message_user(request, text % len(disabled), messages.SUCCESS if disabled else messages.WARNING)
