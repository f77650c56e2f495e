"""The page on which a third party's user chooses emails about agreements (T17)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from agreements.company_emails import settings_of
from agreements.forms.notifications import NotificationForm
from agreements.models import CompanyEmail
from agreements.notification_settings import change_settings
from companies.views.base import MemberRequest, member_page
from lib.action_forms import ActionFormView


@method_decorator(member_page, name="dispatch")
class NotificationPage(ActionFormView):
    """The user's own choice; in a suspended company, too."""

    request: MemberRequest
    form_class = NotificationForm
    template_name = "agreements/third_party/notifications.html"
    success_url = reverse_lazy("notification_settings")

    def get_initial(self) -> dict[str, Any]:
        return NotificationForm.initial_of(settings_of(self.request.membership))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        company = self.request.company
        return super().get_context_data(company=company, summary_hour=settings.SUMMARY_HOURS[0], **kwargs)

    def perform(self, form: NotificationForm) -> str:
        timings = {kind: form.cleaned_data[kind] for kind in CompanyEmail.values}
        change_settings(self.request.membership, covers_company=form.cleaned_data["covers_company"], timings=timings)
        return _("Email notifications saved.")


notification_settings = NotificationPage.as_view()
