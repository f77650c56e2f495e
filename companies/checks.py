"""What an operator checks before approving a company: facts that the portal can compare by itself (T13, D1)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from companies.models import Company
from companies.trust.email_identity import registered_domain
from lib.name_scripts import lookalike_scripts

MOST_SIMILAR = 5
# Words that say what kind of company it is, not which.
_COMMON = set("the llc inc corp co company ltd lp llp energy power electric solar texas".split())


class CompanyCheck(NamedTuple):
    """A question with the fact that answers it; `is_fine` is None where only a person can tell."""

    question: str
    fact: str
    is_fine: bool | None
    url: str = ""


def check_company(company: Company) -> list[CompanyCheck]:
    administrators = list(company.administrators())
    domain = registered_domain(company.email)
    others = sorted({registered_domain(user.email) or user.email for user in administrators})
    scripts = lookalike_scripts(company.legal_name)
    checks = [
        CompanyCheck(
            _("Is the name written in English letters?"),
            _("The name has letters from these writing systems, which can look like English letters: %s") % scripts
            if scripts
            else _("Yes"),
            not scripts,
        ),
        CompanyCheck(
            _("Does this DUNS number belong to this name and address?"),
            _("%(duns)s. Compare it with the public record of Dun & Bradstreet.") % {"duns": company.duns},
            None,
        ),
        CompanyCheck(
            _("Does the company have an email domain?"),
            domain or _("No. %s is a mailbox that anyone can open.") % company.email,
            bool(domain),
        ),
        CompanyCheck(
            _("Does the administrator use it?"),
            ", ".join(others) or _("No administrator"),
            bool(domain) and others == [domain],
        ),
    ]
    if url := company.privacy_policy_url:
        host = urlsplit(url).hostname or ""
        is_own = bool(domain) and registered_domain(f"@{host}") == domain
        fact = _("At the company's own domain") if is_own else _("At another domain: %s") % host
        checks.append(CompanyCheck(_("Does the privacy policy open and name this company?"), fact, is_own or None, url))
    else:
        fact = _("None. Customers will read that the company has no privacy policy.")
        checks.append(CompanyCheck(_("Does the company have a privacy policy?"), fact, False))
    return checks


def similar_companies(company: Company) -> QuerySet[Company]:
    """Return the first other companies that share a telling word of the name."""
    words = [word for word in re.findall(r"\w+", company.legal_name.lower()) if word not in _COMMON and len(word) > 2]
    others = Company.objects.exclude(pk=company.pk)
    return others.filter(legal_name__iregex=rf"\m({'|'.join(words)})\M")[:MOST_SIMILAR] if words else others.none()
