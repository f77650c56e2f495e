"""A company's shared mailbox: entered by an administrator, confirmed by a link, removable (T17)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.states import Channel
from companies import members, shared_mailbox
from companies.links import LinkProblem, LinkRefused
from companies.models import Company, CompanyLink, CompanyLinkKind, CompanyStanding, Membership
from companies.trust.people import is_company_mailbox
from lib.refusals import Refused
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory
from tests.support.agreements import ROSA, initiate
from tests.support.company_links import link_token

pytestmark = pytest.mark.django_db
MAILBOX = "agreements@caddo-solar.example"


def latest_link() -> CompanyLink:
    return CompanyLink.objects.filter(kind=CompanyLinkKind.MAILBOX).latest("pk")


def confirm_url(link: CompanyLink) -> str:
    return reverse("company_mailbox_confirm", args=[link_token(link)])


def mailbox() -> str:
    return Company.objects.get().shared_mailbox


@pytest.fixture
def confirmed(administrator) -> Membership:
    """The administrator of a company that has the mailbox."""
    shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)
    shared_mailbox.confirm_mailbox(link_token(latest_link()))
    administrator.company.refresh_from_db()
    return administrator


def test_nothing_goes_there_before_it_is_confirmed(client, administrator):
    """T17: only the link; a GET of it changes nothing, and no account is needed."""
    page = client.post(reverse("company_mailbox"), {"email": MAILBOX}, follow=True).content.decode()
    assert "a link to agreements@caddo-solar.example" in page and "when someone opens it and confirms" in page
    assert "Waiting for confirmation" in page and "stops working, too" not in page
    (agreement,) = initiate(administrator.user)
    actions.reject(agreement, channel=Channel.INVITATION)
    assert list(Email.objects.filter(to_address=MAILBOX).values_list("kind", flat=True)) == ["COMPANY_MAILBOX"]
    link, reader = latest_link(), Client()
    for method in (reader.get, reader.head):
        answer = method(confirm_url(link))
        assert answer.status_code == 200 and mailbox() == ""
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Shared mailbox confirmed" in reader.post(confirm_url(link)).content.decode()
    assert mailbox() == MAILBOX
    (later,) = initiate(administrator.user)
    actions.reject(later, channel=Channel.INVITATION)
    assert Email.objects.filter(to_address=MAILBOX, kind="EM205").count() == 1


def test_the_present_one_stays_until_the_new_one_is_confirmed(client, confirmed):
    """T17: and what waits for it then is not sent."""
    (agreement,) = initiate(confirmed.user)
    actions.reject(agreement, channel=Channel.INVITATION)
    shared_mailbox.request_mailbox(confirmed.company, "new@caddo-solar.example", by=confirmed.user)
    assert mailbox() == MAILBOX
    client.force_login(confirmed.user)
    page = unescape(client.get(reverse("company_mailbox")).content.decode())
    assert "the link that we sent to new@caddo-solar.example stops working, too" in page
    client.post(confirm_url(latest_link()))
    assert mailbox() == "new@caddo-solar.example"
    assert Email.objects.get(to_address=MAILBOX, kind="EM205").state == EmailState.WITHHELD


def test_a_link_works_once_and_a_newer_one_replaces_it(client, administrator):
    """T17, X5."""
    shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)
    first = latest_link()
    shared_mailbox.request_mailbox(administrator.company, "new@caddo-solar.example", by=administrator.user)
    answer = client.post(confirm_url(first))
    assert answer.status_code == 410 and "a newer one has replaced it" in answer.content.decode()
    second = latest_link()
    assert client.post(confirm_url(second)).status_code == 200
    assert client.post(confirm_url(second)).status_code == 410
    assert mailbox() == "new@caddo-solar.example"


def test_an_expired_or_unknown_link_confirms_nothing(client, administrator):
    """T17."""
    shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)
    link = latest_link()
    CompanyLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = client.post(confirm_url(link))
    assert answer.status_code == 410 and "enter the shared mailbox again" in answer.content.decode()
    assert client.post(reverse("company_mailbox_confirm", args=["x" * 43])).status_code == 404
    assert mailbox() == ""


def test_the_link_of_a_removed_administrator_adds_no_address(client, administrator):
    """T17: someone who leaves in anger must not read the company's mail."""
    shared_mailbox.request_mailbox(administrator.company, "me@home.example", by=administrator.user)
    other = administrator.company.memberships.exclude(pk=administrator.pk).get()
    members.remove_member(administrator, by=other.user)
    assert client.post(confirm_url(latest_link())).status_code == 410
    with pytest.raises(LinkRefused) as refusal:
        shared_mailbox.confirm_mailbox(link_token(latest_link()))
    assert refusal.value.problem == LinkProblem.CANCELED and mailbox() == ""


def test_an_administrator_removes_it_and_all_are_told(client, confirmed):
    """T17: by email and in the history, also in a suspended company."""
    (agreement,) = initiate(confirmed.user)
    actions.reject(agreement, channel=Channel.INVITATION)
    Company.objects.update(standing=CompanyStanding.SUSPENDED)
    Email.objects.filter(kind="COMPANY_MAILBOX_CHANGED").delete()
    page = client.post(reverse("company_mailbox_remove"), follow=True).content.decode()
    assert "Shared mailbox removed." in page and mailbox() == ""
    changed = Email.objects.filter(kind="COMPANY_MAILBOX_CHANGED")
    assert {email.to_address for email in changed} == {user.email for user in Company.objects.get().administrators()}
    assert all(MAILBOX in email.text and "It can't be turned off." in email.text for email in changed)
    for part in [part for email in changed for part in (email.text, unescape(email.html))]:
        assert "If this is wrong, add the mailbox again." in part and "remove the mailbox" not in part
    assert Email.objects.get(to_address=MAILBOX, kind="EM205").state == EmailState.WITHHELD
    history = client.get(reverse("company")).content.decode()
    assert f"Shared mailbox: {MAILBOX} → –" in history and f"Shared mailbox: – → {MAILBOX}" in history


def test_removing_also_cancels_one_that_waits(client, administrator):
    """T17."""
    shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)
    page = client.post(reverse("company_mailbox_remove"), follow=True).content.decode()
    assert "The link no longer works." in page and "Shared mailbox removed." not in page
    assert client.post(confirm_url(latest_link())).status_code == 410 and mailbox() == ""
    assert not Email.objects.filter(kind="COMPANY_MAILBOX_CHANGED").exists()


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_only_an_approved_company_sends_links(client, administrator, standing):
    """T17, T13: an operator has checked who sends email in the portal's name."""
    Company.objects.update(standing=standing)
    with pytest.raises(PermissionDenied):
        shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)
    page = unescape(client.get(reverse("company_mailbox")).content.decode())
    assert "Send the link" not in page and "You can enter a mailbox when your company is approved." in page
    notes = {CompanyStanding.PENDING: "waiting for approval", CompanyStanding.SUSPENDED: "agreements are on hold"}
    assert notes[standing] in page


def test_only_administrators(client, administrator):
    """T12: every user sees which mailbox it is."""
    Company.objects.update(shared_mailbox=MAILBOX)
    client.force_login(MembershipFactory(company=administrator.company).user)
    for name in ("company_mailbox", "company_mailbox_remove"):
        assert client.post(reverse(name), {"email": "x@caddo-solar.example"}).status_code == 403
    assert mailbox() == MAILBOX and MAILBOX in client.get(reverse("company")).content.decode()


def test_bad_input_and_the_same_address_are_refused_at_the_field(client, confirmed):
    """A2."""
    for typed in ("", "no address", MAILBOX.upper()):
        answer = client.post(reverse("company_mailbox"), {"email": typed})
        assert set(answer.context["form"].errors) == {"email"}
    assert mailbox() == MAILBOX


def test_links_are_limited(administrator, settings):
    """X2: per company, and per address whichever company asks."""
    settings.COMPANY_MAILBOX_LINKS = 2
    for number in range(2):
        shared_mailbox.request_mailbox(administrator.company, f"{number}@x.example", by=administrator.user)
    with pytest.raises(Refused, match="several of these links today"):
        shared_mailbox.request_mailbox(administrator.company, MAILBOX, by=administrator.user)


def test_it_is_an_address_of_the_company(administrator):
    """X1, X7: a customer with this address is no independent one."""
    Company.objects.update(shared_mailbox=MAILBOX)
    assert is_company_mailbox(MAILBOX)
    (agreement,) = initiate(Membership.objects.get(pk=administrator.pk).user)
    (own,) = initiate(Membership.objects.get(pk=administrator.pk).user, person=replace(ROSA, email=MAILBOX))
    assert own.signals.filter(kind="own_user").exists() and not agreement.signals.filter(kind="own_user").exists()
