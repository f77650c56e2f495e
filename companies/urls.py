"""Addresses of third parties: their own pages, and the public ways to become one (T2, T13)."""

from django.urls import path

from accounts.language import for_companies
from companies.views import company, joining

urlpatterns = [
    path("my-profile/", company.member_profile, name="member_profile"),
    path("company/", company.company, name="company"),
    path("company/edit/", company.company_edit, name="company_edit"),
    path("company/rename/", company.company_rename, name="company_rename"),
    path("users/", company.company_users, name="company_users"),
    path("users/invite/", company.company_invite, name="company_invite"),
    path("users/<int:pk>/", company.company_user, name="company_user"),
    path("users/<int:pk>/remove/", company.company_user_remove, name="company_user_remove"),
    path("users/invited/<int:pk>/resend/", company.company_invitation_resend, name="company_invitation_resend"),
    path("users/invited/<int:pk>/cancel/", company.company_invitation_cancel, name="company_invitation_cancel"),
    path("approvals/", company.company_approvals, name="company_approvals"),
    path("approvals/<int:pk>/", company.company_approval, name="company_approval"),
    path("approvals/<int:pk>/decline/", company.company_approval_decline, name="company_approval_decline"),
    path("register/", for_companies(joining.company_register), name="company_register"),
    path("register/sent/", for_companies(joining.company_register_sent), name="company_register_sent"),
    path("register/confirm/<str:token>/", for_companies(joining.company_confirm), name="company_confirm"),
    path("invitation/<str:token>/", for_companies(joining.company_invitation), name="company_invitation"),
    path("join/", for_companies(joining.company_join), name="company_join"),
    path("join/sent/", for_companies(joining.company_join_sent), name="company_join_sent"),
    path("join/confirm/<str:token>/", for_companies(joining.company_join_confirm), name="company_join_confirm"),
]
