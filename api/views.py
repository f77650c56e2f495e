"""My Account / API: a company's clients and their keys (P4)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from accounts.second_factor import ask_again
from api import clients
from api.forms import ClientCreationForm, ClientForm, KeyReplacementForm
from api.models import ApiClient, ApiClientQuerySet, ApiKey, Environment, WebhookEndpoint
from api.sandbox.emails import is_to_customer, sandbox_emails
from api.sandbox.scenarios import SCENARIOS, meter_number_of
from companies.models import Company
from companies.permissions import ANY_STANDING, NOT_SUSPENDED, require_administrator
from companies.views.base import CompanyButtonView, CompanyFormView, MemberRequest, member_page
from companies.wording import describe_permissions
from lib.refusals import Refused
from meters.identifiers import TEST_PREFIX

LISTED_EMAILS = 100


def own_clients(request: MemberRequest) -> ApiClientQuerySet:
    """Return the clients of the user's company."""
    clients_of_company = ApiClient.objects.of_company(request.company)
    return clients_of_company.select_related("membership__user", "membership__company__sandbox_of", "created_by")


def _describe_scopes(client: ApiClient) -> list[Any]:
    phrases: list[Any] = [*describe_permissions(client.membership.permissions)]
    return phrases + ([_("read events and manage webhooks")] if client.manages_webhooks else [])


@member_page
def client_list(request: MemberRequest) -> HttpResponse:
    """List the company's API clients, those that were turned off last."""
    require_administrator(request.user, request.company, ANY_STANDING)
    own = own_clients(request).with_use().order_by(F("disabled_at").asc(nulls_first=True), "name", "pk")
    rows = [(client, _describe_scopes(client)) for client in own]
    context = {
        "company": request.company,
        "live_clients": [row for row in rows if not row[0].is_test],
        "test_clients": [row for row in rows if row[0].is_test],
        "may_create": request.company.standing in NOT_SUSPENDED,
        "has_sandbox": settings.SANDBOX_ENABLED,
    }
    return render(request, "api/clients.html", context)


@member_page
def sandbox_page(request: MemberRequest) -> HttpResponse:
    """Say what can be tested, and show the emails that the company's sandbox would have sent (V15, V16)."""
    require_administrator(request.user, request.company, ANY_STANDING)
    if not settings.SANDBOX_ENABLED:
        raise Http404
    emails: list[Any] = []
    if sandbox := Company.every.filter(sandbox_of=request.company).first():
        emails = list(sandbox_emails(sandbox).order_by("-queued_at", "-pk")[:LISTED_EMAILS])
    for email in emails:
        email.is_to_customer = is_to_customer(email)
    example = f"{TEST_PREFIX}0000001{next(iter(SCENARIOS))}"
    context = {
        "company": request.company,
        "scenarios": SCENARIOS.values(),
        "emails": emails,
        "email_count": LISTED_EMAILS,
        "example_esiid": example,
        "example_meter": meter_number_of(example),
        "retention_days": settings.SANDBOX_RETENTION.days,
    }
    return render(request, "api/sandbox.html", context)


@member_page
def client_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Show one client with its keys, of which only the beginnings are on record."""
    require_administrator(request.user, request.company, ANY_STANDING)
    client = get_object_or_404(own_clients(request), pk=pk)
    keys = list(client.keys.with_is_live().select_related("client", "created_by"))
    is_changeable = client.disabled_at is None and request.company.standing in NOT_SUSPENDED
    context = {
        "company": request.company,
        "client": client,
        "permissions": _describe_scopes(client),
        "keys": keys,
        "may_change": is_changeable,
        "endpoints": WebhookEndpoint.objects.filter(client=client),
    }
    return render(request, "api/client.html", context)


@method_decorator(member_page, name="dispatch")
class SensitiveView(CompanyFormView):
    """A page of an administrator who gave the second factor not long ago (P4)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_administrator(self.request.user, self.request.company, self.standings)
        self.client  # noqa: B018 - another company's client is a 404, also before the second factor
        return ask_again(request) or super().dispatch(request, *args, **kwargs)

    @cached_property
    def client(self) -> ApiClient | None:
        """The client in the address, if there is one. Raises Http404."""
        pk = self.kwargs.get("client", self.kwargs.get("pk"))
        return get_object_or_404(own_clients(self.request).enabled(), pk=pk) if pk else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(client=self.client, **kwargs)

    def get_success_url(self) -> str:
        return reverse("api_client", args=[self.client.pk]) if self.client else reverse("api_clients")


class _NewKeyView(SensitiveView):
    """A form that creates a key and then shows it, once: it is not on record and in no redirect."""

    def issue(self, form: Any) -> clients.IssuedKey:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            issued = self.issue(form)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form)
        client = issued.key.client
        context = {"company": self.request.company, "client": client, "key": issued.key, "text": issued.text}
        return render(self.request, "api/new_key.html", context)


class ClientCreationView(_NewKeyView):
    form_class = ClientCreationForm
    template_name = "api/client_new.html"
    standings = NOT_SUSPENDED

    def get_initial(self) -> dict[str, Any]:
        company = self.request.company
        name = self.request.user.get_full_name()
        contact = {"contact_name": name, "contact_phone": company.phone, "contact_email": company.email}
        return contact | {"scopes": ["agreements:read"], "environment": self.request.GET.get("for", Environment.LIVE)}

    def issue(self, form: ClientCreationForm) -> clients.IssuedKey:
        data = form.cleaned_data
        chosen = {"key_days": data["key_days"], "form_id": data["form_id"], "environment": form.chosen_environment()}
        return clients.create_client(self.request.company, form.profile(), by=self.request.user, **chosen)


class KeyReplacementView(_NewKeyView):
    form_class = KeyReplacementForm
    template_name = "api/key_new.html"
    standings = NOT_SUSPENDED

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert self.client
        live_count = self.client.keys.live().count()
        is_full = live_count >= settings.API_KEYS_PER_CLIENT
        return super().get_context_data(live_count=live_count, is_full=is_full, **kwargs)

    def issue(self, form: KeyReplacementForm) -> clients.IssuedKey:
        assert self.client
        data = form.cleaned_data
        chosen = {"key_days": data["key_days"], "form_id": data["form_id"], "overlap": form.overlap()}
        return clients.replace_key(self.client, by=self.request.user, **chosen)


class ClientChangeView(SensitiveView):
    form_class = ClientForm
    template_name = "api/client_edit.html"
    standings = NOT_SUSPENDED

    def get_initial(self) -> dict[str, Any]:
        assert self.client
        return ClientForm.initial_of(self.client)

    def perform(self, form: ClientForm) -> str:
        assert self.client
        is_changed = clients.change_client(self.client, form.profile(), by=self.request.user)
        return _("API client saved.") if is_changed else _("Nothing has changed.")


class ClientDisablingView(SensitiveView, CompanyButtonView):
    """Turn a client off; GET asks for confirmation."""

    template_name = "api/client_disable.html"

    def perform(self, form: Any) -> str:
        assert self.client
        clients.disable_client(self.client, by=self.request.user)
        return _("API client turned off.")


class AttestationView(SensitiveView, CompanyButtonView):
    """Turn the attestation of a client's NewAgreement messages on or off; GET asks for confirmation (M7)."""

    template_name = "api/smt_attestation.html"
    standings = NOT_SUSPENDED
    is_attested = True  # what the button makes it

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = clients.ATTESTATION_VERSION
        return super().get_context_data(is_attested=self.is_attested, version=version, **kwargs)

    def perform(self, form: Any) -> str:
        assert self.client
        is_changed = clients.change_attestation(self.client, is_attested=self.is_attested, by=self.request.user)
        if not is_changed:
            return _("Nothing has changed.")
        return _("Attestation turned on.") if self.is_attested else _("Attestation turned off.")


class KeyRevocationView(SensitiveView, CompanyButtonView):
    """Revoke a key; GET asks for confirmation."""

    template_name = "api/key_revoke.html"

    @cached_property
    def key(self) -> ApiKey:
        assert self.client
        related = ("client__membership__user", "client__membership__company__sandbox_of")
        keys = self.client.keys.live().select_related(*related)
        return get_object_or_404(keys, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(key=self.key, **kwargs)

    def perform(self, form: Any) -> str:
        clients.revoke_key(self.key, by=self.request.user)
        return _("Key revoked.")
