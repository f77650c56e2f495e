"""Addresses of third parties: their own pages, and the public pages that lead into a company (T2, T13)."""

from django.urls import path

from companies.views import invitations, join_requests, profile, registration, users
from companies.views.base import link_sent

urlpatterns = [
    path("my-profile/", profile.MemberProfileView.as_view(), name="member_profile"),
    path("company/", profile.company_detail, name="company"),
    path("company/edit/", profile.CompanyEditView.as_view(), name="company_edit"),
    path("company/rename/", profile.CompanyRenameView.as_view(), name="company_rename"),
    path("users/", users.company_users, name="company_users"),
    path("users/invite/", invitations.InviteUserView.as_view(), name="company_invite"),
    path("users/<int:pk>/", users.MemberPermissionsView.as_view(), name="company_user"),
    path("users/<int:pk>/remove/", users.MemberRemovalView.as_view(), name="company_user_remove"),
    path(
        "users/invited/<int:pk>/resend/", invitations.InvitationResendView.as_view(), name="company_invitation_resend"
    ),
    path(
        "users/invited/<int:pk>/cancel/", invitations.InvitationCancelView.as_view(), name="company_invitation_cancel"
    ),
    path("approvals/", join_requests.company_approvals, name="company_approvals"),
    path("approvals/<int:pk>/", join_requests.JoinRequestApprovalView.as_view(), name="company_approval"),
    path(
        "approvals/<int:pk>/decline/", join_requests.JoinRequestDeclineView.as_view(), name="company_approval_decline"
    ),
    path("register/", registration.CompanyRegistrationView.as_view(), name="company_register"),
    path("register/sent/", link_sent, {"template": "companies/register_sent.html"}, name="company_register_sent"),
    path("register/confirm/<str:token>/", registration.company_confirm, name="company_confirm"),
    path("invitation/<str:token>/", invitations.company_invitation, name="company_invitation"),
    path("join/", join_requests.JoinRequestView.as_view(), name="company_join"),
    path("join/sent/", link_sent, {"template": "companies/join_sent.html"}, name="company_join_sent"),
    path("join/confirm/<str:token>/", join_requests.company_join_confirm, name="company_join_confirm"),
]
