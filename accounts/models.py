"""Who uses the portal: third-party companies and their users, customers and the ESIIDs they hold, TDSP staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.querysets import AdmissionQuerySet, MembershipQuerySet
from meters.models import Premise, Tdsp

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest


class CustomerKind(models.TextChoices):
    RESIDENTIAL = "residential", _("Residential")
    BUSINESS = "business", _("Business")


class User(AbstractUser):
    """Anybody who logs in; `username` is the user id. Roles hang on `membership`, `customer`, `tdsp`."""

    email = models.EmailField(_("email"), max_length=254)
    phone = PhoneNumberField(_("phone"), blank=True)
    phone_extension = models.CharField(_("extension"), max_length=10, blank=True)
    language = models.CharField(_("language preference"), max_length=10, choices=settings.LANGUAGES, default="en")
    tdsp = models.ForeignKey(
        Tdsp, null=True, blank=True, on_delete=models.PROTECT, related_name="staff", verbose_name="TDSP"
    )
    is_supervisor = models.BooleanField(
        _("supervisor"), default=False, help_text=_("May read the audit trail of this TDSP's staff.")
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This email belongs to another account."),
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_id_once", violation_error_message=_("This user id is taken.")
            ),
        ]

    @property
    def is_operator(self) -> bool:
        """Operators run the portal and see every TDSP's records (D1)."""
        return self.is_active and self.is_staff and self.tdsp_id is None


def signed_in(request: HttpRequest) -> User:
    """The user of a request that a log-in check has let through."""
    if not isinstance(request.user, User):
        raise TypeError("Nobody is signed in: the view lacks its log-in check.")
    return request.user


def membership_of(user: User | AnonymousUser) -> Membership | None:
    """The third-party membership that lets `user` act for a company now, or None."""
    if not user.is_authenticated:
        return None
    membership = getattr(user, "membership", None)
    return membership if membership and membership.approved_at and not membership.ended_at else None


def customer_of(user: User | AnonymousUser) -> Customer | None:
    """The registered customer that `user` is, or None."""
    return getattr(user, "customer", None) if user.is_authenticated else None


class CompanyState(models.TextChoices):
    PENDING = "pending", _("Pending approval")
    APPROVED = "approved", _("Approved")
    SUSPENDED = "suspended", _("Suspended")


class Company(models.Model):
    """A third party. It initiates, resends and downloads only while approved (T13, D1)."""

    legal_name = models.CharField(_("company name"), max_length=120)
    duns = models.CharField("DUNS", max_length=13, unique=True)
    street = models.CharField(_("street"), max_length=120)
    city = models.CharField(_("city"), max_length=60)
    state = models.CharField(_("state"), max_length=2, default="TX")
    zip_code = models.CharField(_("ZIP code"), max_length=10)
    phone = PhoneNumberField(_("phone"))
    email = models.EmailField(_("email"), max_length=254)
    privacy_policy_url = models.URLField(_("privacy policy link"), blank=True)
    standing = models.CharField(
        _("standing"), max_length=10, choices=CompanyState.choices, default=CompanyState.PENDING
    )
    standing_reason = models.CharField(_("reason"), max_length=500, blank=True)  # of a suspension, for its users
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("third party")
        verbose_name_plural = _("third parties")
        ordering = ["legal_name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duns__regex=r"^[0-9]{9}([0-9]{4})?$"),
                name="company_duns_is_9_or_13_digits",
                violation_error_message=_("A DUNS number has 9 or 13 digits."),
            ),
            models.CheckConstraint(
                condition=models.Q(standing__in=CompanyState.values), name="company_standing_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def is_active(self) -> bool:
        return self.standing == CompanyState.APPROVED


class Membership(models.Model):
    """A user's place in one company and what the user may do there (T12).

    Whoever is removed keeps the row with `ended_at`, so that the history has its names; an invitation revives it.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="memberships")
    is_administrator = models.BooleanField(_("administrator"), default=False)
    may_view = models.BooleanField(_("may view agreements"), default=True)
    may_initiate = models.BooleanField(_("may initiate"), default=False)
    may_resend_or_withdraw = models.BooleanField(_("may resend or withdraw"), default=False)
    may_download = models.BooleanField(_("may download reports"), default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    PERMISSIONS = ("may_view", "may_initiate", "may_resend_or_withdraw", "may_download", "is_administrator")

    class Meta:
        ordering = ["company", "user"]

    def __str__(self) -> str:
        return f"{self.user} at {self.company}"


class CompanyEventKind(models.TextChoices):
    REGISTERED = "registered", _("Company registered")
    APPROVED = "approved", _("Company approved")
    SUSPENDED = "suspended", _("Company suspended")
    PROFILE = "profile", _("Company profile changed")
    INVITED = "invited", _("User invited")
    INVITATION_CANCELED = "invitation_canceled", _("Invitation canceled")
    JOINED = "joined", _("User joined")
    DECLINED = "declined", _("Request to join declined")
    PERMISSIONS = "permissions", _("Permissions changed")
    REMOVED = "removed", _("User removed")


class CompanyEvent(models.Model):
    """Who changed what about a company or its users, and when (T13). `changes`: field -> [before, after]."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=20, choices=CompanyEventKind.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["company", "at"], name="company_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.company}"


class AdmissionKind(models.TextChoices):
    REGISTRATION = "registration", _("Company registration")
    INVITATION = "invitation", _("Invitation of a user")
    REQUEST = "request", _("Request to join")


class AdmissionEnd(models.TextChoices):
    DONE = "done", _("Done")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    CANCELED = "canceled", _("Canceled")
    REPLACED = "replaced", _("Replaced by a newer one")
    FAILED = "failed", _("Not possible any more")


class Admission(models.Model):
    """One person's way into a company, by a link sent to the person's email: founds it, is invited, asks to join (T13).

    `answers` holds what was typed until it is used: profile, name, password hash; for an invitation the permissions.
    A request without `company` named one that is not here; it looks like any other and leads nowhere.
    """

    kind = models.CharField(max_length=12, choices=AdmissionKind.choices)
    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="admissions")
    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(max_length=10, default="en")
    answers = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(db_default=Now())
    sent = models.PositiveSmallIntegerField(default=1)  # how often the link was emailed
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=10, choices=AdmissionEnd.choices, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(Lower("email"), "made_at", name="admission_by_email"),
            models.Index(fields=["company"], name="admission_open", condition=models.Q(ended_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=AdmissionKind.values), name="admission_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_as="")
                | (models.Q(ended_at__isnull=False) & models.Q(ended_as__in=AdmissionEnd.values)),
                name="admission_end_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Customer(models.Model):
    """A registered customer. Name, email and phone stand on the user; the service address on the premises held."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="customer")
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind.choices)
    middle_initial = models.CharField(_("middle initial"), max_length=1, blank=True)
    suffix = models.CharField(_("suffix"), max_length=10, blank=True)
    title = models.CharField(_("title"), max_length=20, blank=True)
    company_name = models.CharField(_("company name"), max_length=120, blank=True)
    premises = models.ManyToManyField(Premise, through="Holding", related_name="customers")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="business") | models.Q(company_name=""),
                name="company_name_only_for_business",
                violation_error_message=_("Only a business customer has a company name."),
            ),
            models.CheckConstraint(condition=models.Q(kind__in=CustomerKind.values), name="customer_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.company_name or self.user.get_full_name()


class Holding(models.Model):
    """A customer holds a premise's ESIID from `since` until `until` (null: still). One holder at a time."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="holdings")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="holdings")
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["premise"],
                condition=models.Q(until=None),
                name="premise_has_one_holder",
                violation_error_message=_("This ESIID belongs to another account."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} holds {self.premise}"


class Registration(models.Model):
    """A registration that waits for its confirmation email (C3). No user exists before it is confirmed.

    `reference` names what it came from in a room above (the hash of a decision link) and means nothing here. The token
    of the confirmation link is derived from `link_nonce`; only its hash can be looked up.
    """

    kind = models.CharField(max_length=12, choices=CustomerKind.choices)
    first_name = models.CharField(max_length=60)
    middle_initial = models.CharField(max_length=1, blank=True)
    last_name = models.CharField(max_length=60)
    suffix = models.CharField(max_length=10, blank=True)
    company_name = models.CharField(max_length=120, blank=True)
    phone = PhoneNumberField(blank=True)
    phone_extension = models.CharField(max_length=10, blank=True)
    email = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    username = models.CharField(max_length=150)
    password = models.CharField(max_length=128)  # hashed; emptied when it has gone over to the user
    premise = models.ForeignKey(Premise, on_delete=models.CASCADE, related_name="+")
    reference = models.CharField(max_length=64, blank=True)
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="registration_age")]

    def __str__(self) -> str:
        return f"Registration {self.pk}"


class Attempt(models.Model):
    """Something that is limited per day: a failed match or an email that a stranger caused (X2).

    `subject_hash` says about whom, as a keyed hash: it can be compared, not read.
    """

    subject_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_hash", "at"], name="attempt_subject")]

    def __str__(self) -> str:
        return f"Attempt at {self.at}"


class LookAction(models.TextChoices):
    VIEW = "view", _("Opened")
    LIST = "list", _("Listed")
    SEARCH = "search", _("Searched")
    HISTORY = "history", _("Opened the history")
    EXPORT = "export", _("Downloaded")


class StaffLook(models.Model):
    """Somebody of the staff saw customer data: who, when, which record or how many rows of a list (D3).

    It holds nothing of a person: neither what was searched for nor what was shown. A trigger refuses every change.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="looks", verbose_name=_("user"))
    tdsp = models.ForeignKey(Tdsp, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="TDSP")
    at = models.DateTimeField(_("at"), db_default=Now())
    action = models.CharField(_("action"), max_length=10, choices=LookAction.choices)
    model = models.CharField(_("kind of record"), max_length=60)
    object_id = models.CharField(_("key"), max_length=40, blank=True)
    label = models.CharField(_("record"), max_length=40, blank=True)
    rows = models.PositiveIntegerField(_("rows shown"), null=True)

    class Meta:
        verbose_name = _("look at customer data")
        verbose_name_plural = _("looks at customer data")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], name="staff_look_age"),
            models.Index(fields=["model", "object_id"], name="staff_look_record"),
            models.Index(fields=["tdsp", "-at"], name="staff_look_tdsp"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(action__in=LookAction.values), name="look_action_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.model} {self.label or self.object_id}".strip()
