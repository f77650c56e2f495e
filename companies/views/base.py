"""Bases of the pages of a company's users (T12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

from accounts.models import User
from companies.models import Company, Membership, membership_of
from companies.permissions import ANY_STANDING, Standings, require_administrator
from lib.action_forms import ActionFormView, ShowsRefusals


class MemberRequest(HttpRequest):
    """A request of a third party's user."""

    user: User
    membership: Membership
    company: Company


def member_page(view: Callable[..., Any], *, refused: str = "companies/not_allowed.html") -> Callable[..., Any]:
    """Let members of a third party in; raise Http404 for everyone else (T12).

    PermissionDenied is answered with the template `refused`, which gets its `reason`.
    """

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        member_request = cast(MemberRequest, request)
        if (membership := membership_of(member_request.user)) is None:
            raise Http404
        member_request.membership, member_request.company = membership, membership.company
        try:
            return view(member_request, *args, **kwargs)
        except PermissionDenied as refusal:
            return render(request, refused, {"reason": str(refusal)}, status=403)

    return page


@method_decorator(member_page, name="dispatch")
class CompanyFormView(ActionFormView):
    """A form for administrators of a company that is in one of `standings`."""

    request: MemberRequest
    standings: Standings = ANY_STANDING

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_administrator(self.request.user, self.request.company, self.standings)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(company=self.request.company, **kwargs)


class CompanyButtonView(CompanyFormView):
    """A button: POST performs the action, and the next page says why it was refused."""

    form_class = ShowsRefusals

    def form_invalid(self, form: ShowsRefusals) -> HttpResponse:
        messages.error(self.request, " ".join(map(str, form.non_field_errors())))
        return redirect(self.get_success_url())
