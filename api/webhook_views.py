"""My Account / API: a client's webhook endpoints and what was sent to them (W4 to W6, W9)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from api import deliveries, endpoints
from api.endpoints import IssuedSecret
from api.models import ApiClient, DeliveryState, WebhookDelivery, WebhookEndpoint
from api.request_limits import PING, count_request
from api.views import SensitiveView, own_clients
from api.webhook_forms import EndpointChangeForm, EndpointForm, ReplayForm, SecretReplacementForm
from companies.permissions import ANY_STANDING, NOT_SUSPENDED, require_administrator
from companies.views.base import CompanyButtonView, MemberRequest, member_page
from lib.action_forms import ShowsRefusals
from lib.capped_count import CappedPaginator
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused

DELIVERIES_PER_PAGE = 25


def _own_endpoint(request: MemberRequest, client: int, pk: int) -> WebhookEndpoint:
    endpoints_of_company = WebhookEndpoint.objects.of_company(request.company)
    related = ("client__membership__user", "client__membership__company__sandbox_of")
    return get_object_or_404(endpoints_of_company.select_related(*related), client=client, pk=pk)


@member_page
def endpoint_detail(request: MemberRequest, client: int, pk: int) -> HttpResponse:
    """Show an endpoint with its health and its deliveries, the newest first."""
    require_administrator(request.user, request.company, ANY_STANDING)
    endpoint = _own_endpoint(request, client, pk)
    state = request.GET.get("state", "")
    listed = endpoint.deliveries.select_related("event").order_by("-pk")
    if state in DeliveryState.values:
        listed = listed.filter(state=state)
    paginator: Paginator[WebhookDelivery] = CappedPaginator(listed, DELIVERIES_PER_PAGE)
    context = {
        "company": request.company,
        "endpoint": endpoint,
        "client": endpoint.client,
        "types": _describe_types(endpoint),
        "page": paginator.get_page(request.GET.get("page")),
        "state": state,
        "states": DeliveryState.choices,
        "form": ReplayForm(),
        "may_change": _may_change(request, endpoint.client),
    }
    return render(request, "api/webhook.html", context)


@member_page
def delivery_detail(request: MemberRequest, client: int, endpoint: int, pk: int) -> HttpResponse:
    """Show a delivery with its attempts."""
    require_administrator(request.user, request.company, ANY_STANDING)
    own = _own_endpoint(request, client, endpoint)
    delivery = get_object_or_404(own.deliveries.select_related("event"), pk=pk)
    may_change = _may_change(request, own.client) and own.disabled_at is None
    context = {"endpoint": own, "client": own.client, "delivery": delivery, "may_change": may_change}
    return render(request, "api/delivery.html", context)


def _may_change(request: MemberRequest, client: ApiClient) -> bool:
    return client.disabled_at is None and request.company.standing in NOT_SUSPENDED


def _describe_types(endpoint: WebhookEndpoint) -> list[str]:
    labels = dict(EndpointForm.base_fields["types"].choices)  # type: ignore[attr-defined]  # of a choice field
    return [str(labels.get(event_type, event_type)) for event_type in endpoint.types]


class _EndpointView(SensitiveView):
    """A page that changes one endpoint, or creates one for a client."""

    standings = NOT_SUSPENDED

    @cached_property
    def endpoint(self) -> WebhookEndpoint | None:
        """The endpoint in the address, if there is one. Raises Http404."""
        pk = self.kwargs.get("pk")
        return _own_endpoint(self.request, self.kwargs["client"], pk) if pk else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(endpoint=self.endpoint, **kwargs)

    def get_success_url(self) -> str:
        if self.endpoint:
            return reverse("api_webhook", args=[self.endpoint.client_id, self.endpoint.pk])
        return super().get_success_url()


class _NewSecretView(_EndpointView):
    """A form that creates a secret and then shows it, once."""

    def issue(self, form: Any) -> IssuedSecret:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            issued = self.issue(form)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form)
        context = {"company": self.request.company, "client": self.client, "endpoint": issued.endpoint}
        return render(self.request, "api/new_secret.html", context | {"text": issued.text})


class EndpointCreationView(_NewSecretView):
    form_class = EndpointForm
    template_name = "api/webhook_new.html"

    def get_initial(self) -> dict[str, Any]:
        return {"types": ["*"]}

    def issue(self, form: EndpointForm) -> IssuedSecret:
        assert self.client
        return endpoints.create_endpoint(self.client, form.profile(), by=self.request.user)


class SecretReplacementView(_NewSecretView):
    form_class = SecretReplacementForm
    template_name = "api/webhook_secret.html"

    def issue(self, form: SecretReplacementForm) -> IssuedSecret:
        assert self.endpoint
        return endpoints.rotate_secret(self.endpoint, overlap=form.overlap(), by=self.request.user)


class EndpointChangeView(_EndpointView):
    form_class = EndpointChangeForm
    template_name = "api/webhook_edit.html"

    def get_initial(self) -> dict[str, Any]:
        assert self.endpoint
        return EndpointChangeForm.initial_of(self.endpoint)

    def perform(self, form: EndpointChangeForm) -> str:
        assert self.endpoint
        is_enabled = form.cleaned_data["is_enabled"]
        endpoints.change_endpoint(self.endpoint, form.profile(), is_enabled=is_enabled, by=self.request.user)
        return _("Webhook endpoint saved.")


class EndpointDeletionView(_EndpointView, CompanyButtonView):
    """Delete an endpoint; GET asks for confirmation."""

    standings = ANY_STANDING
    template_name = "api/webhook_delete.html"

    def perform(self, form: Any) -> str:
        assert self.endpoint
        endpoints.delete_endpoint(self.endpoint, by=self.request.user)
        return _("Webhook endpoint deleted.")

    def get_success_url(self) -> str:
        return reverse("api_client", args=[self.kwargs["client"]])


class _EndpointButtonView(CompanyButtonView):
    """A button on the page of an endpoint or of a delivery."""

    http_method_names = ["post"]
    standings = NOT_SUSPENDED

    @cached_property
    def endpoint(self) -> WebhookEndpoint:
        pk = self.kwargs.get("endpoint", self.kwargs["pk"])
        get_object_or_404(own_clients(self.request).enabled(), pk=self.kwargs["client"])
        return _own_endpoint(self.request, self.kwargs["client"], pk)

    def get_success_url(self) -> str:
        return reverse("api_webhook", args=[self.kwargs["client"], self.endpoint.pk])

    def form_invalid(self, form: ShowsRefusals) -> HttpResponse:
        messages.error(self.request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(self.get_success_url())


class PingView(_EndpointButtonView):
    """Send a ping now (W5)."""

    def perform(self, form: Any) -> str:
        if count_request(self.endpoint.client, PING).is_over:
            raise Refused(Problem(_("You've sent too many pings. Try again in a minute.")))
        outcome = deliveries.ping(self.endpoint)
        if outcome.is_success:
            text = _("Ping delivered: your server answered %(status)d after %(ms)d ms.")
            return text % {"status": outcome.status, "ms": outcome.took_ms}
        if outcome.status:
            raise Refused(Problem(_("Your server answered the ping with %d.") % outcome.status))
        raise Refused(Problem(_("The ping didn't reach your server (%s).") % outcome.error))


class ReplayView(_EndpointButtonView):
    """Send the deliveries of a time once more (W9)."""

    form_class = ReplayForm

    def perform(self, form: ReplayForm) -> str:
        chosen = {"since": utc_or_now() - form.period(), "only_failed": form.cleaned_data["only_failed"]}
        count = deliveries.replay_deliveries(self.endpoint, by=self.request.user, **chosen)
        return ngettext("%d delivery will be sent again.", "%d deliveries will be sent again.", count) % count


class DeliveryReplayView(_EndpointButtonView):
    """Send one delivery once more (W9)."""

    def perform(self, form: Any) -> str:
        delivery = get_object_or_404(self.endpoint.deliveries.select_related("endpoint__client"), pk=self.kwargs["pk"])
        deliveries.replay_delivery(delivery, by=self.request.user)
        return _("The event will be sent again.")
