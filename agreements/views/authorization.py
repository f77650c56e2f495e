"""The letter of authorization (LOA) as a page to print and as PDF, for everyone who may see the agreement (P2.3)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.language import chosen_language
from agreements import letter_pdf, loa
from agreements.models import Agreement
from agreements.views import customer, third_party
from agreements.views.decision_forms import invitation_url
from companies.views.base import MemberRequest
from lib.link_tokens import noindex

private_page = cache_control(private=True, no_store=True)


@noindex
@require_safe
@private_page
def invitation_authorization(request: HttpRequest, token: str, number: str = "") -> HttpResponse:
    """Show the letter behind the decision link; before the acceptance, redirect to the decision page."""
    agreement, back = customer.linked_agreement(token, number), invitation_url(token, number)
    if agreement is None:
        return redirect(back)
    with translation.override(chosen_language(request) or agreement.submission.language):
        response = render_letter(request, agreement, "agreements/invitation/authorization.html", back)
        response["Content-Language"] = translation.get_language() or ""
    return response


@login_required
@require_safe
@private_page
def customer_authorization(request: HttpRequest, number: str) -> HttpResponse:
    """Show the letter to the registered customer who accepted (C4)."""
    agreement = get_object_or_404(customer.own_agreements(request), number=number)
    back = reverse("customer_agreement", args=[number])
    return render_letter(request, agreement, "agreements/customer/authorization.html", back)


@third_party.third_party_page
@require_safe
@private_page
def agreement_authorization(request: MemberRequest, number: str) -> HttpResponse:
    """Show the letter to the authorized company. It exists after the acceptance only, so no name is masked (T6)."""
    agreement = get_object_or_404(third_party.own_agreements(request), number=number)
    back = reverse("agreement", args=[number])
    return render_letter(request, agreement, "agreements/third_party/authorization.html", back)


def render_letter(request: HttpRequest, agreement: Agreement, template: str, back: str) -> HttpResponse:
    """Render the letter as a page or, with `?as=pdf`, as PDF; redirect to the URL `back` if there is none yet."""
    letter = getattr(agreement, "letter", None)
    if letter is None:
        return redirect(back)
    if request.GET.get("as") == "pdf":
        headers = {"Content-Disposition": f'attachment; filename="{loa.file_name(agreement)}"'}
        return HttpResponse(letter_pdf.issue_pdf(letter), content_type="application/pdf", headers=headers)
    context = {"agreement": agreement, "letter": letter, "blocks": loa.blocks(letter), "back": back}
    return render(request, template, context)
