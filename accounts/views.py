"""The language switch of somebody who is signed in (C6). Strangers have a link, which changes nothing but the page."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.language import PARAMETER, keep, prefer
from accounts.models import User


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the choice in the account and in this browser, then back to the page."""
    if (language := request.POST.get(PARAMETER, "")) not in dict(settings.LANGUAGES):
        raise Http404
    if isinstance(request.user, User):
        prefer(request.user, language)
    then = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(then, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(then if here else reverse("home"))
    keep(response, language)
    return response
