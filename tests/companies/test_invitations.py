"""Users are invited by email and join by the link in it (T12, T13)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companies import invitations, members
from companies.members import NewUser
from companies.models import CompanyEvent, CompanyLink, CompanyStanding, Membership, membership_of
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from smt_portal.logs import without_private_data
from tests.factories import (
    CompanyLinkFactory,
    CustomerFactory,
    MembershipFactory,
    OperatorFactory,
    UserFactory,
)
from tests.support.company_links import account_form, email_kinds_to, last_link_to, link_token
from tests.support.races import together
from tests.support.registration import log_in

pytestmark = pytest.mark.django_db
BEN = "ben@caddo-solar.example"


def invite(client, *permissions: str, email: str = BEN):
    return client.post(reverse("company_invite"), {"email": email, "permissions": permissions})


def open_invitation() -> CompanyLink:
    return CompanyLink.objects.get(ended_at=None)


def test_invited_person_creates_an_account_with_the_chosen_permissions(client, administrator):
    """T12, T13"""
    assert invite(client, "may_view", "may_initiate").headers["Location"] == reverse("company_users")
    listed = client.get(reverse("company_users")).content.decode()
    assert BEN in listed and "View agreements and reports<" in listed and "Create agreements<" in listed
    client.logout()
    link = last_link_to("USER_INVITED", BEN)
    page = client.get(link).content.decode()
    for words in (administrator.company.legal_name, BEN, "create agreements"):
        assert words in page
    assert "download reports" not in page

    assert client.post(link, account_form()).headers["Location"] == reverse("account_login")

    member = Membership.objects.get(user__username="ben.ortiz")
    assert member.permissions == {"may_view", "may_initiate"}
    assert (member.company, member.user.email) == (administrator.company, BEN)
    assert log_in(client, BEN.upper()).headers["Location"] == reverse("home")
    assert client.get(reverse("agreement_new")).status_code == 200
    assert CompanyLink.objects.get().answers == {} and client.get(link).status_code == 410
    kinds = list(CompanyEvent.objects.values_list("kind", flat=True))
    assert kinds == ["invited", "joined"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_mail_scanner_that_follows_an_invitation_creates_no_account(client, administrator, method):
    """T13: a GET changes nothing."""
    invite(client, "may_view")
    client.logout()
    users = User.objects.count()
    for _ in range(3):
        assert getattr(client, method)(last_link_to("USER_INVITED", BEN)).status_code == 200
    assert User.objects.count() == users and open_invitation().ended_at is None


def test_password_reset_ignores_the_case_of_the_invited_email(client, administrator):
    invite(client, "may_view", email=BEN.title())
    client.logout()
    client.post(last_link_to("USER_INVITED", BEN.title()), account_form())
    for typed in (BEN, BEN.upper()):
        client.post(reverse("account_reset_password"), {"email": typed})
    kinds = Email.objects.filter(to_address__iexact=BEN).values_list("kind", flat=True)
    assert list(kinds) == ["USER_INVITED", "PASSWORD_RESET", "PASSWORD_RESET"]


def test_invalid_account_is_explained_and_the_invitation_still_works(client, administrator):
    """A2"""
    UserFactory(username="taken")
    invite(client, "may_view")
    link = last_link_to("USER_INVITED", BEN)
    client.logout()
    assert "This User ID is already taken." in client.post(link, account_form(username="taken")).content.decode()
    wrong = client.post(link, account_form(password2="another"))
    assert 'value="Ortiz"' in wrong.content.decode() and "password2" in wrong.context["form"].errors
    assert client.post(link, account_form()).status_code == 302


def test_person_with_an_account_joins_only_with_that_account(client, administrator):
    """T13"""
    invite(client, "may_view")
    link, ben = last_link_to("USER_INVITED", BEN), UserFactory(email=BEN.title())
    client.logout()
    assert f"{reverse('account_login')}?next={link}" in client.get(link).content.decode()
    assert client.post(link, account_form()).status_code == 200
    client.force_login(UserFactory())
    assert "different account from the one" in client.get(link).content.decode()
    assert client.post(link).status_code == 200 and not hasattr(User.objects.get(pk=ben.pk), "membership")
    client.force_login(ben)
    assert client.post(link).headers["Location"] == reverse("home")
    assert membership_of(User.objects.get(pk=ben.pk)).permissions == {"may_view"}


def test_new_user_sets_up_a_second_factor_first(client, administrator, settings):
    """X3: and the page of the invitation says so."""
    invite(client, "may_view")
    settings.SECOND_FACTOR_REQUIRED = True
    client.logout()
    link = last_link_to("USER_INVITED", BEN)
    assert "set up two-step sign-in" in client.get(link).content.decode()
    client.post(link, account_form())
    log_in(client, "ben.ortiz")
    for name in ("home", "agreements", "company", "member_profile"):
        assert client.get(reverse(name)).headers["Location"] == reverse("mfa_index"), name


def test_tokens_are_removed_from_logged_paths(administrator):
    """X4"""
    token = link_token(CompanyLinkFactory())
    for name in ("company_confirm", "company_invitation", "company_join_confirm"):
        path = reverse(name, args=[token])
        for line in (f"Gone: {path}", f'"GET {reverse("account_login")}?next={path} HTTP/1.1" 200'):
            assert token not in without_private_data(line)


def test_company_name_is_escaped_in_emails(client, administrator):
    """E3"""
    company = administrator.company
    company.legal_name = "<b>Caddo</b> & Sons\nBcc: x@y.example"
    company.save()
    invite(client, "may_view")
    email = Email.objects.get(to_address=BEN)
    assert "&lt;b&gt;Caddo&lt;/b&gt; &amp; Sons" in email.html and "<b>Caddo" not in email.html
    assert "<b>Caddo</b> & Sons Bcc: x@y.example" in email.text
    assert "\n" not in email.subject


@pytest.mark.parametrize("role", ["customer", "staff", "other company"])
def test_account_has_one_role(client, administrator, role):
    users = {
        "customer": lambda: CustomerFactory().user,
        "staff": lambda: OperatorFactory(),
        "other company": lambda: MembershipFactory().user,
    }
    user = users[role]()
    invite(client, "may_view", email=user.email)
    client.force_login(user)
    answer = client.post(last_link_to("USER_INVITED", user.email)).content.decode()
    assert "Your account already has a different role" in answer
    assert not Membership.objects.filter(user=user, company=administrator.company).exists()


def test_removed_user_rejoins_with_only_the_new_invitations_permissions(client, administrator):
    """T13"""
    gone = MembershipFactory(company=administrator.company, is_administrator=True)
    members.remove_member(gone, by=administrator.user)
    assert membership_of(User.objects.get(pk=gone.user.pk)) is None
    invite(client, "may_view", email=gone.user.email)
    client.force_login(gone.user)
    client.post(last_link_to("USER_INVITED", gone.user.email))
    back = Membership.objects.get(pk=gone.pk)
    assert back.permissions == {"may_view"} and back.ended_at is None
    assert User.objects.filter(pk=gone.user.pk).exists()


def test_resent_invitation_restarts_its_period_and_a_canceled_one_opens_nothing(client, administrator):
    """T13"""
    invite(client, "may_view")
    link = last_link_to("USER_INVITED", BEN)
    CompanyLink.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert "expired" in client.get(reverse("company_users")).content.decode()
    assert client.get(link).status_code == 410
    pk = open_invitation().pk
    assert client.post(reverse("company_invitation_resend", args=[pk])).status_code == 302
    assert last_link_to("USER_INVITED", BEN) == link and client.get(link).status_code == 200
    assert email_kinds_to(BEN) == ["USER_INVITED"] * 2
    cancel = reverse("company_invitation_cancel", args=[pk])
    assert f"Cancel the invitation to {BEN}?" in client.get(cancel).content.decode()
    assert open_invitation().pk == pk, "a GET cancels nothing"
    client.post(cancel)
    client.logout()
    for ask_for in (client.get, client.post):
        answer = ask_for(link)
        assert answer.status_code == 410 and "The company canceled this invitation" in answer.content.decode()
    client.force_login(administrator.user)
    assert client.post(reverse("company_invitation_resend", args=[pk])).status_code == 404


def test_undelivered_invitation_says_so(client, administrator):
    """T13: the address was wrong; the last email counts."""
    invite(client, "may_view")
    sentence = "deliver the email."
    assert sentence not in client.get(reverse("company_users")).content.decode()
    Email.objects.update(state=EmailState.FAILED, failure=FailureReason.REFUSED)
    assert sentence in client.get(reverse("company_users")).content.decode()
    client.post(reverse("company_invitation_resend", args=[open_invitation().pk]))
    assert sentence not in client.get(reverse("company_users")).content.decode()


def test_invited_person_and_current_user_are_not_invited_again(client, administrator):
    invite(client, "may_view")
    assert "has already been invited" in invite(client, "may_view", email=BEN.upper()).content.decode()
    colleague = MembershipFactory(company=administrator.company).user
    assert "is already a user of your company" in invite(client, "may_view", email=colleague.email).content.decode()
    assert "Choose at least one permission." in invite(client, email="new@caddo-solar.example").content.decode()
    assert CompanyLink.objects.count() == 1


def test_emails_of_invitations_are_limited(client, administrator):
    """X2: inviting and canceling in turn reaches one address so many times a day; sending again counts, too."""
    for _ in range(settings.COMPANY_EMAILS_PER_ADDRESS - 1):
        invite(client, "may_view")
        client.post(reverse("company_invitation_cancel", args=[open_invitation().pk]))
    invite(client, "may_view")
    client.post(reverse("company_invitation_resend", args=[open_invitation().pk]))
    assert Email.objects.filter(to_address=BEN).count() == settings.COMPANY_EMAILS_PER_ADDRESS
    client.post(reverse("company_invitation_cancel", args=[open_invitation().pk]))
    assert "Too many invitations were sent today." in invite(client, "may_view").content.decode()


@pytest.mark.control
def test_control_without_the_limit_invitations_send_any_number_of_emails(client, administrator, monkeypatch):
    monkeypatch.setattr(invitations, "count_invitation", lambda *args, **options: None)
    for _ in range(settings.COMPANY_EMAILS_PER_ADDRESS + 3):
        invite(client, "may_view")
        client.post(reverse("company_invitation_cancel", args=[open_invitation().pk]))
    assert Email.objects.filter(to_address=BEN).count() > settings.COMPANY_EMAILS_PER_ADDRESS


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_only_an_approved_company_invites_and_accepts_users(client, administrator, standing):
    """T13: a company that no operator has checked sends no email in our name."""
    invite(client, "may_view")
    link, pk = last_link_to("USER_INVITED", BEN), open_invitation().pk
    administrator.company.standing = standing
    administrator.company.save()
    for answer in (
        client.get(reverse("company_invite")),
        invite(client, "may_view", email="new@caddo-solar.example"),
        client.post(reverse("company_invitation_resend", args=[pk])),
    ):
        assert answer.status_code == 403
    assert reverse("company_invite") not in client.get(reverse("company_users")).content.decode()
    client.logout()
    assert "add users right now" in client.post(link, account_form()).content.decode()
    assert Email.objects.count() == 1 and not User.objects.filter(username="ben.ortiz").exists()


def accept_and_cancel_at_once(number: int) -> tuple[bool, str]:
    """Whether the account was opened, and how the invitation ended."""
    administrator = MembershipFactory(is_administrator=True)
    invited = CompanyLinkFactory(company=administrator.company)
    new_user = NewUser("Ben", "Ortiz", f"ben.{number}", "!")
    together(
        [
            lambda: invitations.cancel_invitation(invited, by=administrator.user),
            lambda: invitations.accept_with_new_account(link_token(invited), new_user),
        ]
    )
    invited.refresh_from_db()
    return User.objects.filter(username=new_user.username).exists(), invited.ended_as


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_invitation_is_either_accepted_or_canceled():
    """T13"""
    for number in range(5):
        assert accept_and_cancel_at_once(number) in {(True, "done"), (False, "canceled")}


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_a_canceled_invitation_creates_an_account(monkeypatch):
    open_link, create_user = invitations.open_link, members.create_user
    cancel_invitation = invitations.cancel_invitation
    opened, canceled = threading.Event(), threading.Event()

    def create_after_cancel(*args: Any, **options: Any) -> User:
        opened.set()
        assert canceled.wait(30)
        return create_user(*args, **options)

    def cancel_after_open(*args: Any, **options: Any) -> None:
        assert opened.wait(30)
        cancel_invitation(*args, **options)
        canceled.set()

    monkeypatch.setattr(invitations, "open_link", lambda *args, lock, **options: open_link(*args, **options))
    monkeypatch.setattr(members, "create_user", create_after_cancel)
    monkeypatch.setattr(invitations, "cancel_invitation", cancel_after_open)
    assert accept_and_cancel_at_once(1) == (True, "canceled")
