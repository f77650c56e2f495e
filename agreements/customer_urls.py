"""Addresses for customers: the decision link, and the registered customer's own pages."""

from django.urls import path

import agreements.url_converters  # noqa: F401 - registers the converter agreement_number
from agreements.views import authorization, customer, registration, reminders

urlpatterns = [
    path(
        "invitation/<str:token>/authorization/", authorization.invitation_authorization, name="invitation_authorization"
    ),
    path("invitation/<str:token>/register/", registration.register_invited, name="invitation_register"),
    path(
        "invitation/<str:token>/<agreement_number:number>/authorization/",
        authorization.invitation_authorization,
        name="invitation_agreement_authorization",
    ),
    path(
        "invitation/<str:token>/<agreement_number:number>/register/",
        registration.register_invited,
        name="invitation_agreement_register",
    ),
    path("invitation/<str:token>/reminders/", reminders.invitation_reminders, name="invitation_reminders"),
    path("register/confirm/<str:token>/", registration.register_confirm, name="register_confirm"),
    path("my/profile/add-meter/", registration.customer_add_meter, name="customer_add_meter"),
    path("my/profile/dispute/", registration.customer_dispute, name="customer_dispute"),
    path("my/agreements/", customer.customer_agreements, name="customer_agreements"),
    path(
        "my/agreements/<str:number>/authorization/", authorization.customer_authorization, name="customer_authorization"
    ),
    path(
        "my/agreements/<str:number>/stop-reminders/", reminders.customer_stop_reminders, name="customer_stop_reminders"
    ),
]
