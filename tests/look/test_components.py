"""The pieces that pages are built of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory

from agreements.states import ReportState, Status
from companies.models import CompanyStanding
from lib.action_forms import error_links
from notifications.models import EmailState
from tests.look.reading import read


class Question(forms.Form):
    kind = forms.ChoiceField(label="Kind", choices=[("r", "Residential"), ("b", "Business")], widget=forms.RadioSelect)
    email = forms.EmailField(label="Email", help_text="Where the invitation goes.")
    agreed = forms.BooleanField(label="I agree")

    def clean(self) -> dict[str, Any]:
        raise forms.ValidationError("The two do not match. Check both.")


def component(name: str, **context: Any) -> str:
    return render_to_string(f"components/{name}.html", context)


@pytest.mark.parametrize(
    "state", [*Status, *EmailState, *ReportState, *CompanyStanding], ids=lambda state: f"{type(state).__name__}.{state}"
)
def test_a_status_tag_has_words_and_a_shape(state: Any) -> None:
    """A1: colour is never alone."""
    html = component("status_tag", status=state, label=state.label)
    assert str(state.label) in html
    assert html.count("<svg") == 1


def test_states_that_mean_different_things_have_different_shapes() -> None:
    shapes = {
        component("status_tag", status=status, label="") for status in ("pending", "complete", "rejected", "withdrawn")
    }
    assert len(shapes) == 4


def test_the_summary_names_every_error_in_the_fields_words_and_leads_there() -> None:
    """A2."""
    form = Question({"email": "nobody"})
    html = component("error_summary", problems=form.errors and error_links(form))
    assert "The two do not match. Check both." in html
    fields = as_crispy_form(form)
    for sentence in ("Fill in “Kind”.", "Fill in “I agree”.", "Enter a valid email address."):
        assert sentence in html and sentence in fields
    targets = read(html.encode()).same_page
    assert targets == {"id_kind_0", "id_email", "id_agreed"}
    assert targets <= set(read(fields.encode()).ids)


def test_the_summary_is_silent_when_nothing_is_wrong() -> None:
    assert component("error_summary", problems=error_links(Question())).strip() == ""
    assert component("error_summary", problems=error_links(None)).strip() == ""


def test_a_field_is_described_by_its_hint_and_its_error_which_stand_before_it() -> None:
    """A2, WCAG 1.3.1."""
    html = as_crispy_form(Question({"email": "nobody"}))
    page = read(html.encode())
    assert {"id_email_helptext", "id_email_error", "id_agreed_error", "id_kind_error"} <= page.described_by
    assert page.described_by <= set(page.ids)
    assert html.index("Where the invitation goes.") < html.index('name="email"')
    assert html.index('id="id_email_error"') < html.index('name="email"')
    assert "The two do not match. Check both." in html


def test_other_peoples_words_stay_words() -> None:
    """E3."""
    html = component("summary_list", rows=[{"label": "Company", "value": "<b>Bold</b>\nLine"}])
    assert "<b>" not in html
    assert "&lt;b&gt;Bold&lt;/b&gt;<br>Line" in html


def test_a_fact_is_written_as_people_write_it_and_a_missing_one_is_a_dash() -> None:
    """A3: a day is a Central day."""
    moment = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    assert "November 23, 2026, 10:30 PM Central Time" in component("summary_row", label="Start date", value=moment)
    assert "—" in component("summary_row", label="Title", value="")


def test_the_pages_of_a_list_keep_the_filters(rf: RequestFactory) -> None:
    """T3."""
    page = Paginator(range(60), 25).page(2)
    request = rf.get("/", {"status": "pending", "page": "2"})
    html = render_to_string("components/pagination.html", {"page_obj": page, "what": "agreements"}, request=request)
    assert "26 to 50 of 60" in html
    assert "?status=pending&amp;page=3" in html
