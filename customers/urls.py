"""Registration and the customer's profile. The pages that also touch agreements are in agreements/customer_urls.py."""

from django.conf import settings
from django.urls import path
from django.views.generic import TemplateView

from customers import views

urlpatterns = [
    path("register/", TemplateView.as_view(template_name="customers/registration/choose.html"), name="register"),
    path(
        "register/sent/",  # the same page whichever email was sent
        TemplateView.as_view(
            template_name="customers/registration/sent.html",
            extra_context={"days": settings.REGISTRATION_PERIOD.days},
        ),
        name="register_sent",
    ),
    path("register/customer/<str:kind>/", views.register_as, name="register_as"),
    path("claims/<str:token>/", views.claim_notice, name="claim_notice"),
    path("my/profile/", views.customer_profile, name="customer_profile"),
]
