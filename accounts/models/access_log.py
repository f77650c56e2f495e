"""What staff looked at (D3)."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User
from lib.append_only import append_only
from meters.models import Tdsp


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
        triggers = [append_only("access_log_is_append_only")]

    def __str__(self) -> str:
        kind = apps.get_model(self.model)._meta
        if self.rows is not None:
            return f"{self.get_action_display()}: {kind.verbose_name_plural}"
        return f"{self.get_action_display()}: {kind.verbose_name} {self.label or self.object_id}".strip()
