"""Which records of customers staff saw (D3)."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User
from lib.append_only import append_only
from meters.models import Tdsp


class AccessAction(models.TextChoices):
    VIEW = "view", _("Opened")
    LIST = "list", _("Listed")
    SEARCH = "search", _("Searched")
    HISTORY = "history", _("Opened the history")
    EXPORT = "export", _("Downloaded")


class AccessLogEntry(models.Model):
    """A member of staff saw customer data: who, when, which record or how many rows of a list (D3).

    It contains no personal data: neither what was searched for nor what was displayed. A trigger refuses every change.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("user"))
    tdsp = models.ForeignKey(Tdsp, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="TDSP")
    at = models.DateTimeField(_("at"), db_default=Now())
    action = models.CharField(_("action"), max_length=10, choices=AccessAction.choices)
    model = models.CharField(_("kind of record"), max_length=60)
    object_id = models.CharField(_("key"), max_length=40, blank=True)
    label = models.CharField(_("record"), max_length=40, blank=True)
    rows = models.PositiveIntegerField(_("rows displayed"), null=True)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], name="access_log_age"),
            models.Index(fields=["model", "object_id"], name="access_log_record"),
            models.Index(fields=["tdsp", "-at"], name="access_log_tdsp"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(action__in=AccessAction.values), name="access_action_is_known"),
        ]
        triggers = [append_only("access_log_is_append_only")]

    def __str__(self) -> str:
        kind = apps.get_model(self.model)._meta
        if self.rows is not None:
            return f"{self.get_action_display()}: {kind.verbose_name_plural}"
        return f"{self.get_action_display()}: {kind.verbose_name} {self.label or self.object_id}".strip()
