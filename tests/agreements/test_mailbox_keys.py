"""No spelling of an address hides behind the key by which an index finds it (X1, X2)."""

from __future__ import annotations

import pytest

from agreements.models import Agreement
from companies.trust.email_identity import normalize_mailbox, registered_domain
from tests.factories import AgreementFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "spellings",
    [
        [
            "rosam@gmail.com",
            "Rosa.M+solar@GoogleMail.com",
            "r.o.s.a.m@gmail.com",
            '"rosa.m"@gmail.com',
            "rosam+a+b@gmail.com",
        ],
        ["rosa.m@shop.example", "ROSA.M@Shop.Example", "rosa.m+1@shop.example", '"rosa.m+1"@shop.example'],
        ["sam@bücher.example", "SAM@xn--bcher-kva.example", "sam+x@BÜCHER.example"],
        ['"rosa@home"@shop.example', '"Rosa@Home"@shop.example'],
        ["+rosa@shop.example", "+Rosa@shop.example"],
    ],
)
def test_each_spelling_finds_all_others(spellings):
    """X1."""
    assert len({normalize_mailbox(one) for one in spellings}) == 1
    for one in spellings:
        AgreementFactory(email=one, contact_email=one)
    AgreementFactory(email="rosam@elsewhere.example")
    for one in spellings:
        assert set(Agreement.objects.to_mailbox(one).values_list("email", flat=True)) == set(spellings)
        assert Agreement.objects.to_mailbox(one, "contact_email").count() == len(spellings)


@pytest.mark.parametrize("domain", ["shop.example", "bücher.example"])
def test_every_name_under_a_domain_is_found_and_no_other(domain):
    """X1: in both spellings, above and below, and not what only ends alike."""
    under = [f"a@{domain}", f"b@mail.{domain}", f"c@{domain.upper()}", f"d@x.y.{domain}"]
    under += [f"e@{domain.encode('idna').decode()}"]
    for one in [*under, f"f@not{domain}", f"g@{domain}.net", f"{domain}@other.example"]:
        AgreementFactory(email=one)
    agreements = Agreement.objects.to_domain(registered_domain(under[0]))
    assert set(agreements.values_list("email", flat=True)) == set(under)
