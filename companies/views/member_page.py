"""The door of a third party's pages: members get in, to everybody else they do not exist (T12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from accounts.models import User
from companies.models import Company, Membership, membership_of
from companies.profile import EVERY_STANDING, acting_administrator


class MemberRequest(HttpRequest):
    """A request of a third party's user."""

    user: User
    membership: Membership
    company: Company


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form was filled in with; None when it is shown for the first time. An empty form is filled in, too."""
    return request.POST if request.method == "POST" else None


def member_page(
    view: Callable[..., HttpResponse], *, refused: str = "companies/not_allowed.html"
) -> Callable[..., HttpResponse]:
    """For members of a third party; to everybody else the page does not exist (T12).

    PermissionDenied is answered with the template `refused`, which gets its `reason`.
    """

    @login_required
    @cache_control(private=True, no_cache=True)
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member = cast(MemberRequest, request)
        if (membership := membership_of(member.user)) is None:
            raise Http404
        member.membership, member.company = membership, membership.company
        try:
            return view(member, *args, **kwargs)
        except PermissionDenied as refusal:
            return render(request, refused, {"reason": str(refusal)}, status=403)

    return page


def administrator_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For administrators of a third party; its other users read why not. What is done is checked again when it is."""

    @member_page
    @wraps(view)
    def page(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        acting_administrator(request.user, request.company, standings=EVERY_STANDING)
        return view(request, *args, **kwargs)

    return page
