"""Clients of the API and their keys: created, changed and ended by a company's administrators (P1 to P6)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from api import emails, events, key_text
from api.models import ApiClient, ApiKey, Environment
from api.scopes import MEMBER_SCOPES, WEBHOOKS
from companies.models import Company, CompanyEventKind, Membership, compare_fields
from companies.permissions import ANY_STANDING, NOT_SUSPENDED, lock_as_administrator, lock_company
from companies.sandboxes import ensure_sandbox
from lib.central_time import utc_or_now
from lib.phone_numbers import phone_text
from lib.refusals import Problem, Refused

logger = logging.getLogger(__name__)
ATTESTATION_VERSION = "2026-11-30"  # of the sentences in templates/api/smt_attestation.html
ADDRESS_DOMAIN = "clients.invalid"  # RFC 2606: no mail is ever delivered there


@dataclass(frozen=True)
class ClientProfile:
    """What an administrator chooses for a client."""

    name: str
    contact_name: str
    contact_phone: str
    contact_email: str
    scopes: tuple[str, ...]
    allowed_networks: tuple[str, ...] = ()

    def columns(self) -> dict[str, object]:
        return {
            "name": self.name,
            "contact_name": self.contact_name,
            "contact_phone": self.contact_phone,
            "contact_email": self.contact_email,
            "allowed_networks": list(self.allowed_networks),
            "manages_webhooks": WEBHOOKS in self.scopes,
        }

    def permissions(self) -> dict[str, bool]:
        return {permission: scope in self.scopes for scope, permission in MEMBER_SCOPES.items()}


@dataclass(frozen=True)
class IssuedKey:
    """A new key with its text, which exists nowhere else."""

    key: ApiKey
    text: str = field(repr=False)


@transaction.atomic
def create_client(
    company: Company,
    profile: ClientProfile,
    *,
    by: User,
    key_days: int,
    form_id: UUID,
    environment: Environment = Environment.LIVE,
    at: datetime | None = None,
) -> IssuedKey:
    """Create a client with its first key. Raises PermissionDenied, Refused.

    A test client acts as the company's sandbox, which is made with the first one (V15).
    """
    if environment == Environment.TEST and not settings.SANDBOX_ENABLED:
        raise Refused(Problem(_("The sandbox is turned off on this portal. Choose a live client."), "environment"))
    company = lock_as_administrator(company.pk, by, NOT_SUSPENDED)
    clients = ApiClient.objects.of_company(company).enabled()
    if clients.count() >= settings.API_CLIENTS_PER_COMPANY:
        raise Refused(Problem(_("Your company has too many API clients. Turn off one that you no longer use.")))
    _refuse_profile(company, profile, by=by)
    client_id = key_text.new_client_id()
    user = User.objects.create(
        username=client_id,
        email=f"{client_id.lower()}@{ADDRESS_DOMAIN}",
        first_name=_("API client"),
        last_name=profile.name,
        password="!",  # no password opens it
        is_person=False,
        is_active=False,
    )
    permissions = dict.fromkeys(Membership.PERMISSIONS, False) | profile.permissions()
    acting = ensure_sandbox(company) if environment == Environment.TEST else company
    membership = Membership.objects.create(user=user, company=acting, approved_at=utc_or_now(at), **permissions)
    client = ApiClient.objects.create(
        membership=membership, environment=environment, created_by=by, **profile.columns()
    )
    changes = {name: [False, True] for name, is_granted in permissions.items() if is_granted}
    company.record_event(CompanyEventKind.CLIENT_CREATED, by=by, about=user, changes=changes, at=at)
    return _issue_key(client, by=by, period=timedelta(days=key_days), form_id=form_id, at=utc_or_now(at))


@transaction.atomic
def change_client(client: ApiClient, profile: ClientProfile, *, by: User) -> bool:
    """Change a client's profile and scopes; False if nothing changed. Raises PermissionDenied, Refused."""
    company = lock_as_administrator(client.owner.pk, by, NOT_SUSPENDED)
    client = _require_enabled(client)
    _refuse_profile(company, profile, by=by, changed=client)
    membership, columns = client.membership, profile.columns()
    permissions = compare_fields(membership, profile.permissions())
    before = {name: getattr(client, name) for name in columns} | {"contact_phone": phone_text(client.contact_phone)}
    is_changed = before != columns
    if not permissions and not is_changed:
        return False
    Membership.objects.filter(pk=membership.pk).update(**profile.permissions())
    ApiClient.objects.filter(pk=client.pk).update(**columns)
    User.objects.filter(pk=membership.user_id).update(last_name=profile.name)
    company.record_event(CompanyEventKind.CLIENT_CHANGED, by=by, about=membership.user, changes=permissions)
    return True


@transaction.atomic
def change_attestation(client: ApiClient, *, is_attested: bool, by: User, at: datetime | None = None) -> bool:
    """Let each NewAgreement of the client attest the customer's authorization, or no longer (M7); False if it was so.

    Raises PermissionDenied, Refused.
    """
    company = lock_as_administrator(client.owner.pk, by, NOT_SUSPENDED)
    client, at = _require_enabled(client), utc_or_now(at)
    if (client.smt_attested_at is not None) == is_attested:
        return False
    version = ATTESTATION_VERSION if is_attested else ""
    columns = {"smt_attested_at": at if is_attested else None, "smt_attestation_version": version}
    ApiClient.objects.filter(pk=client.pk).update(**columns)
    changes = {"smt_attestation": [client.smt_attestation_version, version]}
    company.record_event(CompanyEventKind.CLIENT_ATTESTED, by=by, about=client.membership.user, changes=changes, at=at)
    return True


@transaction.atomic
def replace_key(
    client: ApiClient, *, by: User, key_days: int, overlap: timedelta, form_id: UUID, at: datetime | None = None
) -> IssuedKey:
    """Issue a new key; the one that it replaces ends after `overlap` (P6). Raises PermissionDenied, Refused."""
    lock_as_administrator(client.owner.pk, by, NOT_SUSPENDED)
    client, at = _require_enabled(client), utc_or_now(at)
    return _replace_key(client, by=by, period=timedelta(days=key_days), overlap=overlap, form_id=form_id, at=at)


@transaction.atomic
def replace_own_key(key: ApiKey, *, overlap: timedelta, at: datetime | None = None) -> IssuedKey:
    """Issue a new key, as long-lived as `key`, at the request of the client itself (P6). Raises Refused."""
    lock_company(key.client.owner.pk)
    client, at = _require_enabled(key.client), utc_or_now(at)
    key.refresh_from_db()
    if key.revoked_at:
        raise Refused(Problem(_("The key was revoked."), code="revoked"))
    days = settings.API_KEY_DAYS
    period = key.expires_at - key.created_at if not key.replaced_at else timedelta(days=days[len(days) // 2])
    return _replace_key(client, by=client.membership.user, period=period, overlap=overlap, form_id=None, at=at)


def _replace_key(
    client: ApiClient, *, by: User, period: timedelta, overlap: timedelta, form_id: UUID | None, at: datetime
) -> IssuedKey:
    live = client.keys.live(at=at)
    if live.count() >= settings.API_KEYS_PER_CLIENT:
        message = _("This client already has two active keys. Revoke one of them, or wait until the old one expires.")
        raise Refused(Problem(message, code="too-many-keys"))
    ends_at = at + min(overlap, settings.API_KEY_LONGEST_OVERLAP)
    for key in live:
        ApiKey.objects.filter(pk=key.pk).update(expires_at=min(key.expires_at, ends_at), replaced_at=at)
    return _issue_key(client, by=by, period=period, form_id=form_id, at=at)


def _issue_key(client: ApiClient, *, by: User, period: timedelta, form_id: UUID | None, at: datetime) -> IssuedKey:
    text, prefix = key_text.new_key(client.environment)
    try:
        with transaction.atomic():
            key = ApiKey.objects.create(
                client=client,
                prefix=prefix,
                key_hash=key_text.hash_secret(text),
                created_by=by,
                created_at=at,
                expires_at=at + period,
                form_id=form_id,
            )
    except IntegrityError as error:  # the page was sent again
        message = _("This key has already been created. It's shown only once. If you don't have it, create another.")
        raise Refused(Problem(message, code="sent-again")) from error
    _record_key(key, CompanyEventKind.KEY_CREATED, by=by, at=at)
    return IssuedKey(key, text)


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User) -> bool:
    """End a key at once, also of a suspended company; False if it was revoked before. Raises PermissionDenied."""
    lock_as_administrator(key.client.owner.pk, by, ANY_STANDING)
    return _revoke(key, by=by)


@transaction.atomic
def revoke_leaked_key(text: str) -> None:
    """End the key `text`, which was in an address, and email the company's administrators (P8)."""
    keys = ApiKey.objects.select_related("client__membership__company__sandbox_of", "client__membership__user")
    key = keys.filter(prefix=key_text.key_prefix(text), key_hash=key_text.hash_secret(text), revoked_at=None).first()
    if key and _revoke(key, by=None):
        emails.send_key_revoked(key)
        logger.warning("API key %s was in an address and was revoked.", key.prefix)


def _revoke(key: ApiKey, *, by: User | None) -> bool:
    at = utc_or_now()
    is_revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)
    if is_revoked:
        _record_key(key, CompanyEventKind.KEY_REVOKED, by=by, at=at)
    return bool(is_revoked)


def _record_key(key: ApiKey, kind: CompanyEventKind, *, by: User | None, at: datetime) -> None:
    user = key.client.membership.user
    key.client.owner.record_event(kind, by=by, about=user, changes={"key": ["", str(key)]}, at=at)


@transaction.atomic
def disable_client(client: ApiClient, *, by: User) -> bool:
    """End a client with its keys and tokens, for good; False if it was disabled before.

    By an administrator of its company, or by an operator; then the company's administrators are emailed. Raises
    PermissionDenied.
    """
    if by.is_operator:
        company = lock_company(client.owner.pk)
    else:
        company = lock_as_administrator(client.owner.pk, by, ANY_STANDING)
    at = utc_or_now()
    if not ApiClient.objects.filter(pk=client.pk, disabled_at=None).update(disabled_at=at):
        return False
    Membership.objects.filter(pk=client.membership_id).update(ended_at=at)
    ApiKey.objects.filter(client=client, revoked_at=None).update(revoked_at=at)
    company.record_event(CompanyEventKind.CLIENT_DISABLED, by=by, about=client.membership.user, at=at)
    if by.is_operator:
        emails.send_client_disabled(client)
    logger.info("API client %s was turned off by user %s.", client.client_id, by.pk)
    return True


def _require_enabled(client: ApiClient) -> ApiClient:
    """Return the client as it is now. Raises Refused if it was disabled meanwhile."""
    enabled = ApiClient.objects.enabled().select_related("membership__user", "membership__company__sandbox_of")
    if (current := enabled.filter(pk=client.pk).first()) is None:
        raise Refused(Problem(_("This API client has been turned off. Create a new one."), code="disabled"))
    return current


def _refuse_profile(company: Company, profile: ClientProfile, *, by: User, changed: ApiClient | None = None) -> None:
    """Raise Refused for a name that another client has, and for scopes that `by` does not have (P2)."""
    own = by.membership.permissions
    before = changed.membership.permissions if changed else set()
    granted = {name for name, is_granted in profile.permissions().items() if is_granted} - before
    if not granted <= own:
        message = _("You can give only permissions that you have. Ask another administrator for the others.")
        raise Refused(Problem(message, field="scopes"))
    others = ApiClient.objects.of_company(company).enabled().filter(name__iexact=profile.name)
    if others.exclude(pk=changed.pk if changed else 0).exists():
        raise Refused(Problem(_("Your company has an API client with this name. Enter another name."), field="name"))


def notify_of_expiring_keys(*, at: datetime | None = None) -> int:
    """Email the administrators of companies whose keys expire soon, and record an event (P6).

    Once for each of API_KEY_NOTICE_DAYS.
    """
    sent = 0
    longest = timedelta(days=max(settings.API_KEY_NOTICE_DAYS))
    keys = ApiKey.objects.expiring(longest, at=at).select_related(
        "client__membership__company__sandbox_of", "client__membership__user"
    )
    at = utc_or_now(at)
    for key in keys:
        days = min(days for days in settings.API_KEY_NOTICE_DAYS if key.expires_at - at <= timedelta(days=days))
        with transaction.atomic():
            sent += emails.send_key_expiring(key, days=days)
            events.record_key_expiring(key, days=days, at=at)
    return sent
