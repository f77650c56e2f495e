"""Which templates are rendered, and which there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.test.signals import template_rendered

from scripts.messages import sources


@contextmanager
def rendered() -> Iterator[set[str]]:
    """The names of the templates that are rendered meanwhile."""
    names: set[str] = set()

    def note(sender: Any, template: Any, **more: Any) -> None:
        names.add(template.name)

    template_rendered.connect(note)
    try:
        yield names
    finally:
        template_rendered.disconnect(note)


def templates(belongs: Callable[[str], bool]) -> set[str]:
    """The names of our own templates that say something and that customers may see."""
    say = {path.removeprefix("templates/") for path, text in sources() if "{% translate" in text or "{% block" in text}
    return {name for name in say if belongs(name)}
