"""Who in a company gets which email about its agreements, when, and why (T17)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import reports.actions
from agreements import actions, company_emails
from agreements.consent_review import review_consent
from agreements.emails import queue_expiry
from agreements.models import CompanyEmail, EmailTiming, NotificationSettings, Review, SummaryEntry
from agreements.notification_settings import change_settings
from agreements.states import Channel
from companies import members
from companies.models import Company, CompanyStanding, Membership
from lib.refusals import Refused
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory
from tests.support import races
from tests.support.agreements import CONTACT, initiate, initiate_as_contact
from tests.support.reviews import put_under_review, review_of

pytestmark = pytest.mark.django_db
MAILBOX = "agreements@green-energy.example"


def choose(membership: Membership, *, covers_company: bool = False, **timings: str) -> None:
    """Let the user choose; kinds that are not named come at once."""
    every = dict.fromkeys(CompanyEmail.values, EmailTiming.AT_ONCE.value) | timings
    change_settings(membership, covers_company=covers_company, timings=every)


def accept(agreement):
    actions.accept(agreement, channel=Channel.INVITATION)


def reject(agreement):
    actions.reject(agreement, channel=Channel.INVITATION)


def withdraw(agreement):
    actions.withdraw(agreement, by=agreement.company.administrators().order_by("pk")[0])


def expire(agreement):
    actions.expire_overdue(at=agreement.expires_at + (agreement.expires_at - agreement.initiated_at))


def report(agreement):
    """Accept, and wait for readings that never come."""
    accept(agreement)
    waited = timezone.now() + settings.REPORT_DATA_WAIT + timedelta(minutes=1)
    reports.actions.end_waiting(at=waited)
    assert reports.actions.generate_due_reports(at=waited) == 1


def review(agreement):
    accept(agreement)
    put_under_review(agreement)
    review_consent(review_of(agreement), Review.REFUSED, by=OperatorFactory(), reason="Not the customer.")


HAPPENINGS = {
    "EM203": accept, "EM204": report, "EM205": reject, "NOT_ACCEPTED": expire, "WITHDRAWN": withdraw,
    "REVIEWED": review,
}  # fmt: skip


def to_company(agreement, kind: str) -> list[str]:
    """Return who in the company got the email, except the customer."""
    emails = Email.objects.filter(kind=kind).exclude(key__endswith=":customer")
    return sorted(email.to_address for email in emails)


@pytest.fixture
def contact():
    return MembershipFactory(is_administrator=True)


@pytest.fixture
def colleague(contact):
    return MembershipFactory(company=contact.company)


def test_every_kind_has_a_choice():
    """T17: the kinds are those that really go to a company."""
    assert set(HAPPENINGS) == set(CompanyEmail.values)


@pytest.mark.parametrize("kind", HAPPENINGS)
class TestEachKind:
    def test_by_default_the_contact_gets_it_at_once_and_no_colleague_does(self, contact, colleague, kind):
        """T17: as it was before there were settings."""
        (agreement,) = initiate_as_contact(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == [contact.user.email]
        email = Email.objects.get(kind=kind, to_address=contact.user.email)
        for part in (email.text, email.html):
            assert "the contact on the agreement" in part.replace("&#x27;", "'")
            assert reverse("notification_settings") in part

    def test_in_the_daily_summary(self, contact, kind):
        """T17."""
        choose(contact, **{kind: EmailTiming.DAILY})
        (agreement,) = initiate_as_contact(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == []
        entry = SummaryEntry.objects.get(kind=kind)
        assert (entry.agreement, entry.membership, entry.is_contact) == (agreement, contact, True)

    def test_not_at_all(self, contact, colleague, kind):
        """T17: no one gets it in the user's place, and other kinds still come."""
        choose(contact, **{kind: EmailTiming.OFF})
        (agreement,) = initiate_as_contact(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == [] and not SummaryEntry.objects.filter(kind=kind).exists()

    def test_to_a_colleague_who_chose_all_agreements(self, contact, colleague, kind):
        """T17."""
        choose(colleague, covers_company=True)
        (agreement,) = initiate_as_contact(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == sorted([contact.user.email, colleague.user.email])
        email = Email.objects.get(kind=kind, to_address=colleague.user.email)
        assert "all of your company's agreements" in email.text and "contact on the agreement" not in email.text

    def test_to_the_shared_mailbox(self, contact, kind):
        """T17: at once, whatever the users choose."""
        contact.company.shared_mailbox = MAILBOX
        contact.company.save()
        choose(contact, **{kind: EmailTiming.OFF})
        (agreement,) = initiate_as_contact(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == [MAILBOX]
        email = Email.objects.get(kind=kind, to_address=MAILBOX)
        assert "shared mailbox" in email.text and reverse("company_mailbox") in email.text
        assert email.pauses and email.company_id == contact.company_id and "Hello" not in email.text

    def test_to_an_address_that_is_no_users(self, contact, kind):
        """T17: as before, at once."""
        (agreement,) = initiate(contact.user)
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == [CONTACT.email]
        assert "this address is the contact" in Email.objects.get(kind=kind, to_address=CONTACT.email).text

    def test_nothing_to_a_user_who_left(self, contact, colleague, kind):
        """T17: the administrators take over, and choose for themselves."""
        admin = MembershipFactory(company=contact.company, is_administrator=True)
        (agreement,) = initiate_as_contact(colleague.user)
        members.remove_member(colleague, by=contact.user)
        Email.objects.filter(kind="MEMBER_REMOVED").delete()
        choose(admin, **{kind: EmailTiming.OFF})
        HAPPENINGS[kind](agreement)
        assert to_company(agreement, kind) == [contact.user.email]
        assert "no longer a user of your company" in Email.objects.get(to_address=contact.user.email, kind=kind).text


class TestWhoIsTheContact:
    def test_also_after_the_user_changed_the_address(self, contact):
        """T17: the address in the agreement is a copy."""
        (agreement,) = initiate_as_contact(contact.user)
        contact.user.email = "new@green-energy.example"
        contact.user.save()
        reject(agreement)
        assert to_company(agreement, "EM205") == ["new@green-energy.example"]

    def test_of_an_agreement_from_before_there_were_settings(self, contact):
        """T17."""
        (agreement,) = initiate_as_contact(contact.user)
        agreement.submission.contact_user = None
        agreement.submission.save()
        choose(contact, EM205=EmailTiming.OFF)
        reject(agreement)
        assert to_company(agreement, "EM205") == []

    def test_not_who_now_works_for_another_company(self, contact, colleague):
        """T17, T12."""
        (agreement,) = initiate_as_contact(colleague.user)
        colleague.company = MembershipFactory().company
        colleague.save()
        choose(colleague, covers_company=True)
        reject(agreement)
        assert to_company(agreement, "EM205") == [contact.user.email]

    def test_one_address_gets_one_email(self, contact):
        """T17."""
        contact.company.shared_mailbox = contact.user.email.upper()
        contact.company.save()
        (agreement,) = initiate_as_contact(contact.user)
        reject(agreement)
        assert to_company(agreement, "EM205") == [contact.user.email]


class TestFollowers:
    def test_only_with_the_permission_to_view(self, contact, colleague):
        """T17, T12: also if it was taken away later."""
        choose(colleague, covers_company=True)
        Membership.objects.filter(pk=colleague.pk).update(may_view=False)
        (agreement,) = initiate_as_contact(contact.user)
        reject(agreement)
        assert to_company(agreement, "EM205") == [contact.user.email]
        colleague.refresh_from_db()
        with pytest.raises(Refused, match="permission to view"):
            choose(colleague, covers_company=True)

    def test_not_of_another_company(self, contact):
        """T12."""
        choose(MembershipFactory(), covers_company=True)
        (agreement,) = initiate_as_contact(contact.user)
        reject(agreement)
        assert to_company(agreement, "EM205") == [contact.user.email]


def test_an_email_promises_only_what_its_reader_gets(contact):
    """T17: who has turned off the report's email reads no promise of it."""
    first, second = initiate_as_contact(contact.user, MeterFactory()), initiate_as_contact(contact.user, MeterFactory())
    accept(first[0])
    choose(contact, EM204=EmailTiming.OFF)
    accept(second[0])
    promising, silent = Email.objects.filter(kind="EM203", to_address=contact.user.email).order_by("pk")
    promise = "We'll email you when the report is ready"
    assert promise in promising.text and promise not in silent.text


class TestLeaving:
    def test_what_waits_for_a_user_who_leaves_is_not_sent(self, contact, colleague):
        """T17: emails about the company; not those about the account."""
        (agreement,) = initiate_as_contact(colleague.user)
        reject(agreement)
        members.remove_member(colleague, by=contact.user)
        waiting = Email.objects.filter(to_address=colleague.user.email)
        assert dict(waiting.values_list("kind", "state")) == {
            "EM205": EmailState.WITHHELD, "MEMBER_REMOVED": EmailState.QUEUED,
        }  # fmt: skip
        assert Email.objects.get(kind="EM201").state == EmailState.QUEUED

    @pytest.mark.django_db(transaction=True)
    def test_an_email_and_a_removal_have_one_order(self):
        """T17: what is queued at the same moment is withheld."""
        contact = MembershipFactory(is_administrator=True)
        colleague = MembershipFactory(company=contact.company)
        (agreement,) = initiate_as_contact(colleague.user)
        results = races.one_after_the_other(
            lambda: queue_expiry(agreement), lambda: members.remove_member(colleague, by=contact.user)
        )
        assert results == [None, None]
        assert Email.objects.get(kind="NOT_ACCEPTED").state == EmailState.WITHHELD

    @pytest.mark.control
    @pytest.mark.django_db(transaction=True)
    def test_control_without_the_lock_it_is_sent(self, monkeypatch):
        """T17: neither of the two transactions sees what the other one does."""
        contact = MembershipFactory(is_administrator=True)
        colleague = MembershipFactory(company=contact.company)
        (agreement,) = initiate_as_contact(colleague.user)
        monkeypatch.setattr(company_emails, "lock_memberships", lambda keys: None)
        queued, removed = threading.Event(), threading.Event()

        def tell():
            with transaction.atomic():
                queue_expiry(agreement)
                queued.set()
                assert removed.wait(races.PATIENCE)

        def remove():
            assert queued.wait(races.PATIENCE)
            members.remove_member(colleague, by=contact.user)
            removed.set()

        assert races.together([tell, remove]) == [None, None]
        assert Email.objects.get(kind="NOT_ACCEPTED").state == EmailState.QUEUED


class TestPage:
    def test_saves_and_shows_what_was_chosen(self, client, contact):
        """T17: without JavaScript."""
        client.force_login(contact.user)
        url = reverse("notification_settings")
        page = client.get(url).content.decode()
        assert page.count("selected") == len(CompanyEmail.values) and contact.user.email in page
        entries = dict.fromkeys(CompanyEmail.values, "at_once") | {"EM205": "off", "EM203": "daily"}
        answer = client.post(url, entries | {"covers_company": "all"}, follow=True)
        assert "Email notifications saved." in answer.content.decode()
        chosen = NotificationSettings.objects.get(membership=contact)
        assert (chosen.covers_company, chosen.daily_kinds, chosen.off_kinds) == (True, ["EM203"], ["EM205"])
        assert '<option value="off" selected>' in client.get(url).content.decode()

    @pytest.mark.parametrize("broken", [{"EM204": "weekly"}, {"EM204": ""}, {"covers_company": "none"}])
    def test_refuses_what_is_no_choice(self, client, contact, broken):
        """A2."""
        client.force_login(contact.user)
        entries = dict.fromkeys(CompanyEmail.values, "at_once") | {"covers_company": "own"} | broken
        answer = client.post(reverse("notification_settings"), entries)
        assert set(answer.context["form"].errors) == set(broken) and not NotificationSettings.objects.exists()

    def test_is_the_users_own(self, client, contact, colleague):
        """T12."""
        client.force_login(colleague.user)
        entries = dict.fromkeys(CompanyEmail.values, "off") | {"covers_company": "own"}
        client.post(reverse("notification_settings"), entries)
        assert NotificationSettings.objects.get().membership == colleague
        assert Client().post(reverse("notification_settings"), entries).status_code == 302

    def test_says_what_is_on_hold_and_what_the_user_can_see(self, client, contact):
        """L9, T12."""
        client.force_login(contact.user)
        page = client.get(reverse("notification_settings")).content.decode()
        assert "Home lists what you need to do" in page and "on hold" not in page
        Membership.objects.filter(pk=contact.pk).update(may_view=False)
        Company.objects.update(standing=CompanyStanding.SUSPENDED)
        page = client.get(reverse("notification_settings")).content.decode()
        assert "Home lists what you need to do" not in page
        assert "Emails to your company about agreements are on hold." in page

    def test_says_who_else_gets_them(self, client, contact):
        """T17."""
        client.force_login(contact.user)
        url = reverse("notification_settings")
        assert "has no shared mailbox" in client.get(url).content.decode()
        contact.company.shared_mailbox = MAILBOX
        contact.company.save()
        assert MAILBOX in client.get(url).content.decode()
