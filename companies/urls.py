"""Addresses of third parties: their own pages, and the public pages that lead into a company (T2, T13)."""

from django.urls import path

from companies.views import company, public

urlpatterns = [
    path("my-profile/", company.MemberProfileView.as_view(), name="member_profile"),
    path("company/", company.company_detail, name="company"),
    path("company/edit/", company.CompanyEditView.as_view(), name="company_edit"),
    path("company/rename/", company.CompanyRenameView.as_view(), name="company_rename"),
    path("company/mailbox/", company.SharedMailboxView.as_view(), name="company_mailbox"),
    path("company/mailbox/remove/", company.SharedMailboxRemovalView.as_view(), name="company_mailbox_remove"),
    path("company/mailbox/confirm/<str:token>/", public.company_mailbox_confirm, name="company_mailbox_confirm"),
    path("users/", company.company_users, name="company_users"),
    path("users/invite/", company.InviteUserView.as_view(), name="company_invite"),
    path("users/<int:pk>/", company.MemberPermissionsView.as_view(), name="company_user"),
    path("users/<int:pk>/remove/", company.MemberRemovalView.as_view(), name="company_user_remove"),
    path("users/invited/<int:pk>/resend/", company.InvitationResendView.as_view(), name="company_invitation_resend"),
    path("users/invited/<int:pk>/cancel/", company.InvitationCancelView.as_view(), name="company_invitation_cancel"),
    path("approvals/", company.company_approvals, name="company_approvals"),
    path("approvals/<int:pk>/", company.JoinRequestApprovalView.as_view(), name="company_approval"),
    path("approvals/<int:pk>/decline/", company.JoinRequestDeclineView.as_view(), name="company_approval_decline"),
    path("register/", public.CompanyRegistrationView.as_view(), name="company_register"),
    path("register/sent/", public.link_sent, {"template": "companies/register_sent.html"}, "company_register_sent"),
    path("register/confirm/<str:token>/", public.company_confirm, name="company_confirm"),
    path("invitation/<str:token>/", public.company_invitation, name="company_invitation"),
    path("join/", public.JoinRequestView.as_view(), name="company_join"),
    path("join/sent/", public.link_sent, {"template": "companies/join_sent.html"}, name="company_join_sent"),
    path("join/confirm/<str:token>/", public.company_join_confirm, name="company_join_confirm"),
]
