"""The forms for new agreements that a user has not submitted yet (T10)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from agreements.creation import discard_draft
from agreements.models import Draft
from agreements.views.third_party import get_draft, third_party_page
from agreements.views.unsent_forms import page_1_url
from companies.views.base import MemberRequest

MOST_LISTED = 5


def list_drafts(user: User) -> list[tuple[Draft, str]]:
    """Return the latest drafts of a user who may initiate, with the addresses where they go on."""
    drafts = Draft.objects.unfinished(user.pk)[:MOST_LISTED]
    return [(draft, draft_url(draft)) for draft in drafts]


def draft_url(draft: Draft) -> str:
    """Return page 2 of a checked draft, page 1 of any other."""
    return reverse("agreement_review", args=[draft.pk]) if draft.answers else page_1_url(draft)


@third_party_page
def agreement_discard(request: MemberRequest, draft: UUID) -> HttpResponse:
    """Ask for confirmation on GET, discard on POST."""
    unfinished = get_draft(request, draft)
    if unfinished.submitted_at:
        return redirect("agreement_submitted", draft)
    if request.method == "POST":
        discard_draft(draft, by=request.user)
        messages.success(request, _("Draft discarded."))
        return redirect("agreements")
    return render(request, "agreements/third_party/discard.html", {"draft": unfinished, "go_on": draft_url(unfinished)})
