from typing import Any

from django.core.management.base import BaseCommand

from agreements import counts


class Command(BaseCommand):
    help = (
        "Count the agreements of every company again. Needed only after something changed agreements with the "
        "database's triggers switched off, such as a restore of data alone. Changes of agreements wait until it's done."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts.recount()
