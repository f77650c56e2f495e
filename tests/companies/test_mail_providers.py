"""Which mail domains have one owner, and which anybody can use (X1)."""

from __future__ import annotations

import pytest

from companies.trust.email_identity import registered_domain

FAMILIES = {
    "Spanish-language and regional domains": """
        yahoo.com.mx yahoo.es yahoo.com.ar hotmail.es hotmail.com.ar outlook.es outlook.com.br live.com.mx
        prodigy.net.mx telefonica.net terra.com.mx gmx.es aol.com.mx
    """,
    "relays": """
        privaterelay.appleid.com duck.com mozmail.com relay.firefox.com simplelogin.com aleeas.com slmails.com
        anonaddy.me addy.io fastmail.com passmail.net passinbox.com
    """,
    "internet providers": """
        att.net sbcglobal.net swbell.net suddenlink.net spectrum.net austin.rr.com satx.rr.com hot.rr.com charter.net
        grandecom.net gvtc.com comcast.net cox.net optimum.net optonline.net frontier.com verizon.net windstream.net
        centurylink.net hughes.net earthlink.net
    """,
    "other names of one provider": """
        googlemail.com me.com mac.com pm.me protonmail.com GMAIL.COM gmail.com. mail.yahoo.com
    """,
}


@pytest.mark.parametrize("domain", [domain for family in FAMILIES.values() for domain in family.split()])
def test_anybody_can_have_an_address_at_a_provider(domain):
    """X1."""
    assert registered_domain(f"rosa@{domain}") == ""


@pytest.mark.parametrize(
    ("domain", "owned"),
    [
        ("mail.shop.example", "shop.example"),
        ("shop.com.mx", "shop.com.mx"),
        ("mail.shop.net.mx", "shop.net.mx"),
        ("notgmail.com", "notgmail.com"),
        ("gmail.com.shop.example", "shop.example"),
        ("yahoo.shop", "yahoo.shop"),
        ("outlook.xyz", "outlook.xyz"),
    ],
)
def test_other_domains_have_one_owner(domain, owned):
    """X1: also one that looks like a provider's."""
    assert registered_domain(f"rosa@{domain}") == owned


@pytest.mark.parametrize(
    ("domain", "owned"),
    [
        ("sam.anonaddy.com", "sam.anonaddy.com"),
        ("x.sam.fastmail.com", "sam.fastmail.com"),
        ("sam.mozmail.com", "sam.mozmail.com"),
    ],
)
def test_a_subdomain_that_a_provider_gives_to_one_customer_has_one_owner(domain, owned):
    """X1."""
    assert registered_domain(f"rosa@{domain}") == owned
