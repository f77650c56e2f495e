"""Forms whose action may refuse them: the error summary at the top of the page, and the page (A2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms, template
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import FormView

from lib.refusals import Refused

register = template.Library()  # built into the template engines


@dataclass(frozen=True)
class ErrorLink:
    """One line of the error summary; `target` is the id of the field it links to, or empty."""

    message: str
    target: str = ""


@register.filter
def described_errors(field: forms.BoundField) -> list[str]:
    """Return the errors of a field as both the summary and the field display them; each names the field (A2)."""
    required = _("This field is required.")  # of forms that are not ours
    named = _("Fill in “%(field)s”.") % {"field": field.label}
    return [named if error == required else str(error) for error in field.errors]


@register.filter
def error_links(form: object) -> list[ErrorLink]:
    """Return the lines of the error summary in the order of a form's fields; none before the form is sent."""
    if not isinstance(form, forms.BaseForm) or not form.is_bound:
        return []
    links = [ErrorLink(str(error)) for error in form.non_field_errors()]
    for field in form:
        is_radio = isinstance(field.field.widget, forms.RadioSelect)
        target = f"{field.auto_id}_0" if is_radio else field.id_for_label
        links += [ErrorLink(error, "" if field.is_hidden else target) for error in described_errors(field)]
    return links


class ShowsRefusals(forms.Form):
    """A form that can show why an action refused it, at the field and in the error summary."""

    use_required_attribute = False
    required_messages: ClassVar[dict[str, Any]] = {}  # what to do about an empty field, by its name; inherited

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form in reversed(type(self).__mro__):
            for name, message in vars(form).get("required_messages", {}).items():
                self.fields[name].error_messages["required"] = message
        self.causes: list[str] = []  # the possible causes of a refusal, for the page
        self.warning = ""  # of a refusal

    def refuse(self, refused: Refused) -> None:
        """Add each problem to its field, or to the whole form where the form has no such field."""
        self.causes, self.warning = refused.causes, refused.warning
        for problem in refused.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)

    def error_links(self) -> list[ErrorLink]:
        """Return the lines of the error summary; none before the form is sent."""
        return error_links(self)


class ActionFormView(FormView):
    """Subclasses set form_class, template_name and success_url, and implement `perform`."""

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
