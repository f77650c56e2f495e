"""Notices that TDSPs and operators publish to customers and third parties (T2), and who has read which."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from companies.models import membership_of
from customers.models import customer_of
from meters.models import Tdsp


class Audience(models.TextChoices):
    CUSTOMERS = "customers", _("Customers")
    THIRD_PARTIES = "third_parties", _("Third parties")
    BOTH = "both", _("Customers and third parties")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def published(self, *, at: datetime | None = None) -> NoticeQuerySet:
        now = at or Now()
        return self.filter(Q(published_until=None) | Q(published_until__gt=now), published_from__lte=now)

    def visible_to(self, user: User | AnonymousUser) -> NoticeQuerySet:
        """Return the published notices for `user`; for staff those of their TDSP, for operators all (T2, D1).

        Customers get those of the operators and of the TDSPs of their premises, third parties those of every TDSP.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_operator:
            return self.published()
        if user.is_staff and user.is_active:
            return self.published().filter(Q(tdsp=user.tdsp_id) | Q(tdsp=None))
        if membership_of(user):
            return self.published().filter(audience__in=[Audience.THIRD_PARTIES, Audience.BOTH])
        if customer := customer_of(user):
            tdsps = customer.claims.filter(until=None).values("premise__tdsp")
            publishers = Q(tdsp=None) | Q(tdsp__in=tdsps)
            return self.published().filter(publishers, audience__in=[Audience.CUSTOMERS, Audience.BOTH])
        return self.none()

    def with_is_read(self, user: User) -> NoticeQuerySet:
        """Annotate `is_read`: whether `user` has opened the notice."""
        reads = NoticeRead.objects.filter(notice=models.OuterRef("pk"), user=user)
        return self.annotate(is_read=models.Exists(reads))

    def unread_by(self, user: User) -> NoticeQuerySet:
        """Return the notices that `user` has not opened yet."""
        return self.visible_to(user).exclude(reads__user=user)


class Notice(models.Model):
    """A notice by a TDSP, or by the operators to the people of every TDSP.

    The English text is required; readers of Spanish see the Spanish text if there is one.
    """

    tdsp = models.ForeignKey(
        Tdsp, null=True, blank=True, on_delete=models.PROTECT, related_name="notices", verbose_name="TDSP"
    )
    audience = models.CharField(_("for"), max_length=15, choices=Audience.choices, default=Audience.BOTH)
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"), max_length=5000, help_text=_("Leave an empty line to start a new paragraph."))
    title_es = models.CharField(_("title in Spanish"), max_length=120, blank=True)
    text_es = models.TextField(_("text in Spanish"), max_length=5000, blank=True)
    published_from = models.DateTimeField(_("published from"), db_default=Now(), db_index=True)
    published_until = models.DateTimeField(
        _("published until"), null=True, blank=True, help_text=_("Empty: until someone ends it.")
    )
    made_by = models.ForeignKey(
        User, null=True, editable=False, on_delete=models.SET_NULL, related_name="+", verbose_name=_("made by")
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-published_from", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="notice_audience_is_known"),
            models.CheckConstraint(
                condition=Q(title_es="", text_es="") | ~(Q(title_es="") | Q(text_es="")),
                name="notice_in_spanish_has_title_and_text",
                violation_error_message=_("Enter both the title and the text in Spanish, or neither."),
            ),
            models.CheckConstraint(
                condition=Q(published_until=None) | Q(published_until__gt=models.F("published_from")),
                name="notice_ends_after_it_begins",
                violation_error_message=_("Choose an end that is after the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def language(self) -> str:
        """The language of the text below: the page's, or English if the notice is not written in it."""
        return "es" if self.title_es and translation.get_language() == "es" else settings.LANGUAGE_CODE

    @property
    def local_title(self) -> str:
        return self.title_es if self.language == "es" else self.title

    @property
    def local_text(self) -> str:
        return self.text_es if self.language == "es" else self.text

    @property
    def publisher(self) -> str:
        return str(self.tdsp or _("The operator of this portal"))

    def mark_read(self, *, by: User) -> None:
        """Record that `by` opened the notice; do nothing if that is recorded already, even at the same moment."""
        NoticeRead.objects.bulk_create([NoticeRead(notice=self, user=by)], ignore_conflicts=True)


class NoticeRead(models.Model):
    """A user has opened a notice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="reads")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "notice"], name="notice_read_once")]

    def __str__(self) -> str:
        return f"{self.notice} read by {self.user}"
