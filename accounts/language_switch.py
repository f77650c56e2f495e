"""The language switch of a signed-in user (C6). Visitors use a link, which changes only the page."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts.models import User


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Save the choice in the account and in this browser, then return to the page."""
    language = request.POST.get(i18n.LANGUAGE_QUERY_PARAMETER)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    if isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return i18n.set_language(request)
