"""No app names an app above it by a string, a template or a relation: import-linter sees imports only."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from django.apps import apps

from tests.support.source_files import ROOT, tracked

_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in _CONTRACTS if contract["id"] == "apps")
ORDER = [app.strip() for layer in LAYERS for app in layer.split(":")]
# What wires the apps together names all of them, and so do the data of the demo.
FETCHES = {"select_related", "prefetch_related", "order_by", "values", "values_list", "only", "defer"}
BELOW = [app for app in ORDER if app not in {"smt_portal", "local", "demo"}]


def apps_above(app: str) -> list[str]:
    return ORDER[: ORDER.index(app)]


def relations_from_above(app: str) -> set[str]:
    """Return the names by which models of `app` and below reach models above: accessors and query names."""
    above, names = apps_above(app), set[str]()
    for model in apps.get_models():
        for field in model._meta.get_fields() if model._meta.app_label in above else []:
            target = field.related_model if field.concrete and field.is_relation else None
            is_below = target and target._meta.app_label in BELOW and target._meta.app_label not in above
            if is_below and not field.remote_field.hidden:
                names |= {str(field.remote_field.get_accessor_name()), field.related_query_name()}
    return names


def upward_names(app: str, source: str) -> Iterator[str]:
    """Yield what names an app above: strings with its templates, labels, tables or admin pages, and relations."""
    above = "|".join(apps_above(app))
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in apps_above(app)]
    named = re.compile(rf"(?:{above})[/.]\w|admin:(?:{above})_|(?:{'|'.join(['no_table', *tables])})\b")
    relations = relations_from_above(app)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            lookups = [keyword.arg or "" for keyword in node.keywords if "__" in (keyword.arg or "")]
            if isinstance(node.func, ast.Attribute) and node.func.attr in FETCHES:
                lookups += [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
            yield from (lookup for lookup in lookups if lookup.partition("__")[0].lstrip("-") in relations)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and named.match(node.value):
            yield node.value
        elif isinstance(node, ast.Attribute) and node.attr in relations:
            yield f".{node.attr}"


def upward_templates(app: str, text: str) -> list[str]:
    """Return the templates above that a template of `app` includes or extends."""
    return re.findall(rf"""{{%\s*(?:include|extends)\s+["']((?:{"|".join(apps_above(app))})/[^"']+)""", text)


@pytest.mark.parametrize("app", BELOW)
def test_no_module_names_an_app_above(app: str):
    modules = [path for path in tracked(f"{app}/*.py") if "migrations" not in path.parts]
    found = {str(path.relative_to(ROOT)): sorted(upward_names(app, path.read_text())) for path in modules}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("app", BELOW)
def test_no_template_includes_one_of_an_app_above(app: str):
    templates = tracked(f"templates/{app}/*.html", f"templates/{app}/*.txt")
    found = {str(path.relative_to(ROOT)): upward_templates(app, path.read_text()) for path in templates}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.control
@pytest.mark.parametrize(
    "line",
    [
        'Agreement.objects.filter(report__state="ready")',
        "agreement.report",
        'queryset.select_related("report")',
        'apps.get_model("reports.Report")',
        'reverse("admin:reports_report_change")',
        'render(request, "reports/panel.html")',
    ],
)
def test_an_upward_name_is_found(line: str):
    assert list(upward_names("agreements", line))


@pytest.mark.control
def test_an_upward_template_is_found():
    assert upward_templates("agreements", '{% include "reports/panel.html" %}') == ["reports/panel.html"]
