"""Addresses for customers: the decision link, and the registered customer's own pages."""

from django.urls import path

from agreements.views import customer, invitation

urlpatterns = [
    path("invitation/<str:token>/", invitation.InvitationView.as_view(), name="invitation"),
    path("my/agreements/", customer.customer_agreements, name="customer_agreements"),
    path("my/agreements/<str:number>/", customer.customer_agreement, name="customer_agreement"),
    path("my/agreements/<str:number>/decide/", customer.customer_decide, name="customer_decide"),
]
