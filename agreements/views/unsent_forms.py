"""Forms whose sender is no longer signed in: what was typed is kept in a draft of the user who filled it in (T10).

Each form carries a signed value that names its user and draft, because the session that could name them is gone. The
value opens nothing: it only lets its sender put text into that user's draft, for as long as drafts are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from agreements.forms.request import page_1_entries
from agreements.forms.submission import page_2_entries
from agreements.models import Draft

FIELD, _SALT = "form_owner", "agreements.unsent_forms"


def page_1_url(draft: Draft) -> str:
    return f"{reverse('agreement_new')}?draft={draft.pk}"


def sign_form(user: User, draft: Draft | None = None) -> str:
    """Return the hidden value of page 2 of `draft`, or of a page 1 that has no draft yet."""
    return signing.dumps({"user": user.pk, "draft": str(draft.pk if draft else uuid4())}, salt=_SALT)


def keeps_unsent_forms(view: Callable[..., Any]) -> Callable[..., Any]:
    """Before anything else of the view, keep a form that its user did not send."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        owner = _owner(request)
        kept = keep_unsent_form(request) if owner and owner["user"] != request.user.pk else None
        return kept or view(request, *args, **kwargs)

    return page


def keep_unsent_form(request: HttpRequest) -> HttpResponse | None:
    """Keep the form and lead its user back to it; None if the request is not such a form."""
    owner, page = _owner(request), request.resolver_match and request.resolver_match.url_name
    if owner is None or page not in ("agreement_new", "agreement_review"):
        return None
    if page == "agreement_new":
        changed = Draft.objects.of_form(request.GET.get("draft", ""), owner["user"])
        entered = {"entries": page_1_entries(request.POST.dict()), "page_2": changed.page_2 if changed else {}}
        draft, _created = Draft.objects.update_or_create(entered, pk=owner["draft"], user_id=owner["user"])
        form = page_1_url(draft)
    else:
        unsent = Draft.objects.filter(pk=owner["draft"], user=owner["user"], submitted_at=None)
        unsent.update(page_2=page_2_entries(request.POST.dict()))
        form = reverse("agreement_review", args=[owner["draft"]])
    if owner["user"] == request.user.pk:
        messages.warning(request, _("This form had expired, so we haven't sent it. Check your answers and try again."))
        return redirect(form)
    if request.user.is_authenticated:
        messages.error(
            request,
            _("Another user filled out that form, so we haven't sent it. Only that user can send it."),
        )
        return redirect("home")
    messages.warning(
        request,
        _("You're no longer signed in, so we haven't sent your form. Sign in again to find everything you entered."),
    )
    return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': form})}")


def _owner(request: HttpRequest) -> dict[str, Any] | None:
    """Return the user's and the draft's id of a form that is sent; None if it is no form of this module."""
    if request.method != "POST":
        return None
    try:
        owner: dict[str, Any] = signing.loads(
            request.POST.get(FIELD, ""), salt=_SALT, max_age=settings.AGREEMENT_DRAFT_RETENTION
        )
    except signing.BadSignature:
        return None
    return owner
