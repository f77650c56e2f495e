"""Bring the development database up to date and tell the demo's logins: `python -m local.prepare_database LOGINS_FILE`.

One process for four commands: each of them alone would spend a second on starting Django.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    call_command("createcachetable", verbosity=0)
    call_command("load_demo")
    with Path(sys.argv[1]).open("w") as logins:
        call_command("load_demo", "--show-logins", stdout=logins)


if __name__ == "__main__":
    main()
