"""Registration and the customer's profile. The pages that also touch agreements are in agreements/customer_urls.py."""

from django.urls import path

from customers.views import profile, registration

urlpatterns = [
    path("register/", registration.register, name="register"),
    path("register/sent/", registration.register_sent, name="register_sent"),
    path("register/customer/<str:kind>/", registration.register_as, name="register_as"),
    path("my/profile/", profile.customer_profile, name="customer_profile"),
]
