"""The end of reminders, at the customer's wish: by the link in a reminder, or in the account (C12)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.language import chosen_language
from accounts.models import signed_in
from agreements.models import Agreement
from agreements.reminders import stop_reminders
from agreements.states import Channel
from agreements.views.customer import own_agreements
from agreements.views.decision_forms import render_dead_link, render_page
from lib import link_tokens


# Without a CSRF cookie, like the decision itself: a forger lacks the unguessable link.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def invitation_reminders(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, because mail scanners follow links; stop the reminders of the submission on POST."""
    linked = list(Agreement.objects.by_link(link_tokens.hash_token(token)))
    if not linked:
        return render_dead_link(request, token)
    with translation.override(chosen_language(request) or linked[0].submission.language):
        if request.method == "POST":
            stop_reminders(linked[0].submission, channel=Channel.INVITATION)
            # A mail program that posts for its reader follows no redirect (RFC 8058).
            if "List-Unsubscribe" not in request.POST:
                return HttpResponseRedirect(request.get_full_path())  # keeps the chosen language
            linked[0].submission.refresh_from_db()
        still_open = [each for each in linked if each.is_open]
        template = "agreements/invitation/reminders.html"
        return render_page(request, template, agreement=linked[0], open=still_open, token=token)


@login_required
@require_POST
def customer_stop_reminders(request: HttpRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request), number=number)
    if stop_reminders(agreement.submission, channel=Channel.ACCOUNT, by=signed_in(request)):
        messages.success(request, _("Reminders stopped. You can still answer this request."))
    return redirect("customer_agreement", number)
