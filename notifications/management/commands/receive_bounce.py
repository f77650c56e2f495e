"""`manage.py receive_bounce < message`: for a mail server that pipes each bounce into a program (E7)."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from notifications.bounces import LONGEST_MESSAGE, record_bounce

TRY_LATER = 75  # EX_TEMPFAIL: the mail server keeps the message


class Command(BaseCommand):
    help = "Read one message from standard input and, if it is a bounce, mark the email that it is about."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            record_bounce(sys.stdin.buffer.read(LONGEST_MESSAGE))
        except DatabaseError as error:
            raise CommandError("The database does not answer. Try again later.", returncode=TRY_LATER) from error
        while sys.stdin.buffer.read(LONGEST_MESSAGE):
            pass  # a pipe that is closed early is an error to some mail servers
