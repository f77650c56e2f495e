"""A form page whose valid POST performs an action that may refuse it (A2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.generic import FormView

from lib.error_summary import ShowsRefusals
from lib.refusals import Refused

if TYPE_CHECKING:
    _FormView = FormView[ShowsRefusals]
else:
    _FormView = FormView


class ActionFormView(_FormView):
    """Subclasses set form_class, template_name and success_url, and implement `perform`.

    A refused form is shown again with the reasons.
    """

    template_name: str

    def perform(self, form: Any) -> str:
        """Carry out the action and return the message for the next page; empty for none. May raise Refused."""
        raise NotImplementedError

    def form_valid(self, form: ShowsRefusals) -> HttpResponse:
        try:
            message = self.perform(form)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form)
        if message:
            messages.success(self.request, message)
        return super().form_valid(form)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Render now, not after the view has returned: a decorator may set the language for the view alone."""
        return render(self.request, self.template_name, context, **kwargs)
