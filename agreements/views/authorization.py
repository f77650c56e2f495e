"""The letter of authorization (LOA) as a page to print and as PDF: one for each who may see the agreement (P2.3)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.language import chosen_language
from agreements import loa
from agreements.models import Agreement
from companies.models import membership_of
from customers.models import customer_of
from lib import link_tokens


@require_safe
@cache_control(private=True, no_store=True)
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """For whoever has the decision link; before an acceptance, back to what the link shows now."""
    agreement = Agreement.objects.by_link(link_tokens.hash_token(token)).first()
    back = reverse("invitation", args=[token])
    if agreement is None:
        return HttpResponseRedirect(back)
    with translation.override(chosen_language(request) or agreement.language):
        response = _page(request, agreement, "agreements/invitation/authorization.html", back)
        response["Content-Language"] = translation.get_language() or ""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_required
@require_safe
@cache_control(private=True, no_store=True)
def of_customer(request: HttpRequest, number: str) -> HttpResponse:
    """For the registered customer who accepted (C4)."""
    if (customer := customer_of(request.user)) is None:
        raise Http404
    agreement = get_object_or_404(Agreement.objects.visible_to(request.user), number=number, customer=customer)
    back = reverse("customer_agreement", args=[number])
    return _page(request, agreement, "agreements/customer/authorization.html", back)


@login_required
@require_safe
@cache_control(private=True, no_store=True)
def of_third_party(request: HttpRequest, number: str) -> HttpResponse:
    """For the company that was authorized. Before the acceptance there is no letter, and so no name to mask (T6)."""
    if (membership := membership_of(request.user)) is None:
        raise Http404
    found = Agreement.objects.visible_to(request.user).filter(company=membership.company_id)
    agreement = get_object_or_404(found, number=number)
    back = reverse("agreement", args=[number])
    return _page(request, agreement, "agreements/third_party/authorization.html", back)


def _page(request: HttpRequest, agreement: Agreement, template: str, back: str) -> HttpResponse:
    letter = getattr(agreement, "letter", None)
    if letter is None:
        return HttpResponseRedirect(back)
    if request.GET.get("as") == "pdf":
        name = loa.file_name(agreement)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(loa.as_pdf(letter), content_type="application/pdf", headers=headers)
    context = {"agreement": agreement, "letter": letter, "blocks": loa.blocks(letter), "back": back}
    return render(request, template, context)
