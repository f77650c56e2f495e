"""Telephone numbers from the profile and the form to everybody who reads them (T8)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agreements import actions
from agreements.models import Agreement
from agreements.request import Person
from agreements.states import Channel
from lib import link_tokens
from notifications.models import Email
from tests.factories import MeterFactory
from tests.support.agreement_forms import PAGE_2, page_1
from tests.support.agreements import initiate, registered_customer
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db


def test_the_extension_of_the_profile_is_prefilled_and_reaches_the_customer(client, member):
    """T8: on page 2, in the emails, on the decision page, in the letter and on the third party's page."""
    member.user.phone, member.user.phone_extension = "+15125550141", "778"
    member.user.save()
    review = client.post("/agreements/new/", page_1(MeterFactory(), phone="+52 55 5123 4567 ext. 9"))["Location"]
    prefilled = client.get(review).context["form"]["contact_phone"]
    assert 'value="(512) 555-0141 ext. 778"' in str(prefilled)
    assert client.post(review, PAGE_2 | {"contact_phone": "(512) 555-0141 ext. 778"}).status_code == 302

    agreement = Agreement.objects.get()
    token = link_tokens.derive_token(agreement.submission.link_nonce)
    decision_page = page_text(client.get(reverse("invitation", args=[token])))
    invitation = Email.objects.get(kind="EM201")
    actions.accept(agreement, channel=Channel.INVITATION)
    letter = Agreement.objects.get().letter.text
    accepted = Email.objects.get(kind="EM203", key__endswith=":customer")
    third_party = page_text(client.get(reverse("agreement", args=[agreement.number])))
    for text in (decision_page, invitation.text, invitation.html, letter, accepted.text, accepted.html, third_party):
        assert "(512) 555-0141 ext. 778" in text
    for text in (decision_page, invitation.text, invitation.html, third_party):
        assert "+52 55 5123 4567 ext. 9" in text


def test_the_invited_customers_number_is_in_the_two_fields_of_the_registration(client, member):
    """C3: nothing is left for the customer to repair."""
    assert client.post(
        client.post("/agreements/new/", page_1(MeterFactory(), phone="512-555-0102 x 12"))["Location"], PAGE_2
    )
    agreement = Agreement.objects.get()
    actions.accept(agreement, channel=Channel.INVITATION)
    client.logout()
    token = link_tokens.derive_token(agreement.submission.link_nonce)
    form = client.get(reverse("invitation_register", args=[token])).context["form"]
    assert 'value="(512) 555-0102"' in str(form["phone"]) and 'value="12"' in str(form["phone_extension"])


def test_a_registered_customers_extension_is_on_record(member):
    """T6, T8."""
    claim, meter = registered_customer()
    user = claim.customer.user
    user.phone, user.phone_extension = "+15125550120", "44"
    user.save()
    (agreement,) = initiate(member.user, meter, registered=True, person=Person(email=user.email))
    agreement.refresh_from_db()
    assert (agreement.phone.as_national, agreement.phone.extension) == ("(512) 555-0120 ext. 44", "44")
