"""The classes of style sheets and of markup."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
CLASS = re.compile(r"""class=["']([^"']*)["']""")


def stylesheets() -> str:
    sheets = [path for path in (ROOT / "static" / "css").glob("*.css") if path.name != "admin.css"]
    return re.sub(r"/\*.*?\*/", "", "".join(path.read_text() for path in sheets), flags=re.DOTALL)


def defined() -> set[str]:
    selectors = re.findall(r"([^{}]+){", stylesheets())
    return {name for selector in selectors for name in re.findall(r"\.([a-z][\w-]*)", selector)}


def classes(text: str) -> set[str]:
    """The classes that markup names; those that come from a variable are left out."""
    names = {name for value in CLASS.findall(TAG.sub(" ", text)) for name in value.split()}
    return {name for name in names if "{" not in name}
