"""Every address of the portal, asked for by every role (T12, D1).

A new URL name without a row here fails; so does a row without a URL. Another company's user and another customer get
404 for what is not theirs, never 403: what one may not see does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.support.world import ROLES

pytestmark = [pytest.mark.walk, pytest.mark.slow, pytest.mark.django_db]

LOGIN, OK, GONE, NO, TO_OWN, METHOD = "to log-in", 200, 404, 403, "redirect", 405


@dataclass(frozen=True)
class Row:
    """What each role gets for a GET of one URL name; `args` name what of the `world` stands in the URL."""

    anonymous: Any
    member: Any
    other_company: Any
    customer: Any
    other_customer: Any
    tdsp: Any
    operator: Any
    nobody: Any
    args: tuple[str, ...] = field(default=())

    def of(self, role: str) -> Any:
        return getattr(self, role.replace(" ", "_").lower())


def everybody(status: Any, *args: str) -> Row:
    return Row(*[status] * 8, args=args)


def third_party(own: Any, other: Any, *args: str) -> Row:
    """Only for members; `other` is another company's user."""
    return Row(LOGIN, own, other, GONE, GONE, GONE, GONE, GONE, args=args)


def of_customer(own: Any, other: Any, *args: str) -> Row:
    return Row(LOGIN, GONE, GONE, own, other, GONE, GONE, GONE, args=args)


def signed_in(status: Any, *args: str) -> Row:
    return Row(LOGIN, *[status] * 7, args=args)


ROWS = {
    "home": everybody(OK),
    "set_language": everybody(METHOD),
    "health": everybody(OK),
    "help": everybody(OK),
    "help_faq": everybody(OK),
    "help_security": everybody(OK),
    "help_account": everybody(OK),
    "help_meter": everybody(OK),
    "help_glossary": everybody(OK),
    "notices": signed_in(OK),
    "notice": Row(LOGIN, OK, OK, OK, OK, OK, OK, GONE, args=("notice",)),
    "invitation": everybody(OK, "token"),
    # No letter before the customer has accepted.
    "invitation_authorization": everybody(TO_OWN, "token"),
    # The page of one of a link's requests, by its number.
    "invitation_agreement": everybody(OK, "token", "number"),
    "invitation_agreement_authorization": everybody(TO_OWN, "token", "number"),
    "invitation_agreement_register": everybody(TO_OWN, "token", "number"),
    "invitation_reminders": everybody(OK, "token"),
    "customer_stop_reminders": Row(LOGIN, *[METHOD] * 7, args=("number",)),
    "customer_authorization": of_customer(TO_OWN, GONE, "number"),
    "agreement_authorization": third_party(TO_OWN, GONE, "number"),
    "agreements": third_party(OK, OK),
    "agreement_export": third_party(OK, OK),
    "report_zip": third_party(METHOD, METHOD),
    "notification_settings": third_party(OK, OK),
    "agreement_new": third_party(OK, OK),
    "bulk_new": third_party(OK, OK),
    "bulk_template": third_party(OK, OK),
    "bulk_invitation": third_party(OK, GONE, "bulk"),
    "bulk_results": third_party(OK, GONE, "bulk"),
    "bulk_cancel": third_party(OK, GONE, "bulk"),
    "bulk_continue": third_party(METHOD, METHOD, "bulk"),
    "agreement_discard": third_party(OK, GONE, "draft"),
    "agreement_review": third_party(OK, GONE, "draft"),
    "agreement_submitted": third_party(OK, GONE, "submitted"),
    "agreement": third_party(OK, GONE, "number"),
    "agreement_resend": third_party(METHOD, METHOD, "number"),
    "agreement_correct": third_party(OK, GONE, "number"),
    "agreement_withdraw": third_party(OK, GONE, "number"),
    # No report yet. Who may see the agreement but is no third party is told so.
    "report_download": Row(LOGIN, GONE, GONE, NO, GONE, GONE, NO, GONE, args=("number",)),
    "report_file": Row(LOGIN, GONE, GONE, NO, GONE, GONE, NO, GONE, args=("number", "file_name")),
    "report_manifest": Row(LOGIN, GONE, GONE, NO, GONE, GONE, NO, GONE, args=("number",)),
    "document_check": everybody(OK),
    "customer_agreements": of_customer(OK, OK),
    "customer_agreement": of_customer(OK, GONE, "number"),
    "customer_report_file": of_customer(GONE, GONE, "number", "file_name"),
    "my_meters": of_customer(OK, OK),
    "meter_name": of_customer(OK, GONE, "claim"),
    "shared_data": of_customer(OK, OK),
    "usage": of_customer(OK, OK),
    "meter_usage": of_customer(OK, GONE, "claim"),
    "usage_download": of_customer(OK, GONE, "claim"),
    "register": everybody(OK),
    "register_sent": everybody(OK),
    "register_as": everybody(OK, "kind"),
    "register_confirm": everybody(GONE, "key"),
    "invitation_register": everybody(TO_OWN, "token"),  # of a registered customer: to the invitation itself
    "customer_profile": of_customer(OK, OK),
    "customer_add_meter": of_customer(OK, OK),
    "customer_dispute": Row(LOGIN, *[METHOD] * 7),
    "claim_notice": everybody(OK, "claim_token"),
    # The other company's user is an administrator, too: what is not that company's does not exist.
    "member_profile": third_party(OK, OK),
    "company": third_party(OK, OK),
    "company_edit": third_party(OK, OK),
    "company_rename": third_party(OK, OK),
    "company_mailbox": third_party(OK, OK),
    "company_mailbox_remove": third_party(METHOD, METHOD),
    "company_mailbox_confirm": everybody(OK, "mailbox_token"),
    "company_users": third_party(OK, OK),
    "company_invite": third_party(OK, OK),
    "company_user": third_party(OK, GONE, "membership"),
    "company_user_remove": third_party(OK, GONE, "membership"),
    "company_invitation_resend": third_party(METHOD, METHOD, "invited"),
    "company_invitation_cancel": third_party(OK, GONE, "invited"),
    "company_approvals": third_party(OK, OK),
    "company_approval": third_party(OK, GONE, "request"),
    "company_approval_decline": third_party(METHOD, METHOD, "request"),
    # Pages of API clients: those that change something ask for the second factor first.
    "api_clients": third_party(OK, OK),
    "api_client_new": third_party(TO_OWN, TO_OWN),
    "api_sandbox": third_party(OK, OK),
    "api_client": third_party(OK, GONE, "api_client"),
    "api_client_edit": third_party(TO_OWN, GONE, "api_client"),
    "api_key_new": third_party(TO_OWN, GONE, "api_client"),
    "api_attestation_on": third_party(TO_OWN, GONE, "api_client"),
    "api_attestation_off": third_party(TO_OWN, GONE, "api_client"),
    "api_client_disable": third_party(TO_OWN, GONE, "api_client"),
    "api_key_revoke": third_party(TO_OWN, GONE, "api_client", "api_key"),
    "api_webhook_new": third_party(TO_OWN, GONE, "api_client"),
    "api_webhook": third_party(OK, GONE, "api_client", "api_webhook"),
    "api_webhook_edit": third_party(TO_OWN, GONE, "api_client", "api_webhook"),
    "api_webhook_secret": third_party(TO_OWN, GONE, "api_client", "api_webhook"),
    "api_webhook_delete": third_party(TO_OWN, GONE, "api_client", "api_webhook"),
    "api_webhook_ping": third_party(METHOD, METHOD, "api_client", "api_webhook"),
    "api_webhook_replay": third_party(METHOD, METHOD, "api_client", "api_webhook"),
    "api_delivery": third_party(OK, GONE, "api_client", "api_webhook", "api_delivery"),
    "api_delivery_replay": third_party(METHOD, METHOD, "api_client", "api_webhook", "api_delivery"),
    "api_docs": everybody(OK),
    "api_docs_quick_start": everybody(OK),
    "api_docs_guide": everybody(OK, "guide"),
    "api_docs_reference": everybody(OK),
    "api_docs_operation": everybody(OK, "operation"),
    "api_docs_schema": everybody(OK, "schema"),
    "api_docs_errors": everybody(OK),
    "api_docs_changes": everybody(OK),
    "api_problem": everybody(OK, "problem"),
    "api_openapi": everybody(OK),
    "api_not_found": everybody(GONE, "rest"),
    # What messages answer to each kind of key is in tests/api.
    "smt_message": everybody(GONE, "rest"),
    "smt_root": everybody(GONE),
    "smt_customer_interface": everybody(GONE, "interface"),
    "company_register": everybody(OK),
    "company_register_sent": everybody(OK),
    "company_confirm": everybody(OK, "registration_token"),
    "company_invitation": everybody(OK, "invited_token"),
    "company_join": everybody(OK),
    "company_join_sent": everybody(OK),
    "company_join_confirm": everybody(OK, "request_token"),
    # django-allauth
    "account_login": Row(OK, *[TO_OWN] * 7),
    "account_logout": Row(TO_OWN, *[OK] * 7),
    "account_signup": Row(OK, *[TO_OWN] * 7),
    "account_inactive": everybody(OK),
    "account_reauthenticate": signed_in(OK),
    "account_change_password": signed_in(OK),
    "account_set_password": signed_in(TO_OWN),
    "account_email": signed_in(OK),
    "account_confirm_login_code": Row(TO_OWN, *[TO_OWN] * 7),
    "account_email_verification_sent": everybody(OK),
    "account_confirm_email": everybody(OK, "key"),
    "account_reset_password": everybody(OK),
    "account_reset_password_done": everybody(OK),
    "account_reset_password_from_key": everybody(OK, "uidb36", "reset_key"),
    "account_reset_password_from_key_done": everybody(OK),
    "usersessions_list": signed_in(OK),
    "mfa_index": signed_in(OK),
    "mfa_authenticate": everybody(TO_OWN),
    "mfa_reauthenticate": signed_in(TO_OWN),  # who has no second factor: to the password
    "mfa_activate_totp": signed_in(TO_OWN),  # first the password once more
    "mfa_deactivate_totp": signed_in(GONE),
    "mfa_view_recovery_codes": signed_in(GONE),
    "mfa_generate_recovery_codes": signed_in(TO_OWN),
    "mfa_download_recovery_codes": signed_in(GONE),
    "mfa_list_webauthn": signed_in(OK),
    "mfa_add_webauthn": signed_in(TO_OWN),
    "mfa_reauthenticate_webauthn": signed_in(TO_OWN),
    "mfa_remove_webauthn": signed_in(TO_OWN, "number_one"),
    "mfa_edit_webauthn": signed_in(TO_OWN, "number_one"),
    "mfa_login_webauthn": everybody(TO_OWN),
}
# The admin asks for staff at one door; what TDSP staff may do there stands in its own tests.
ADMIN_OPEN = {"admin:jsi18n", "admin:login", "admin:logout"}


def url_names(resolver: URLResolver | None = None, prefix: str = "") -> set[str]:
    names = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            names |= url_names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name:
            names.add(prefix + pattern.name)
        elif not prefix:
            names.add(f"unnamed {pattern.pattern}")
    return names


def test_every_url_name_has_a_row_and_every_row_a_url():
    # What the API's operations answer to each kind of key is in tests/api.
    names = {name for name in url_names() if not name.startswith(("admin:", "api_v1:"))}
    assert names == set(ROWS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ROWS)
def test_each_role_gets_what_its_row_says(client, world, name, role):
    row = ROWS[name]
    if user := world["users"][role]:
        client.force_login(user)
    answer = client.get(reverse(name, args=[world[arg] for arg in row.args]))
    expected = row.of(role)
    if expected == LOGIN:
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif expected == TO_OWN:
        assert answer.status_code == 302
    else:
        assert answer.status_code == expected


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("TDSP", "operator")])
def test_the_admin_opens_to_staff_only(client, world, role):
    """D1."""
    if user := world["users"][role]:
        client.force_login(user)
    from django.contrib.admin import site

    for model in site._registry:
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert answer.status_code in (302, 403, 404)
        assert answer.status_code != 302 or "login" in answer["Location"]
    assert client.get(reverse("admin:index")).status_code == 302
    assert ADMIN_OPEN
