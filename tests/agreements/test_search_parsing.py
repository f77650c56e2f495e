"""What can be typed into the search of one's agreements, before anything is looked for (T1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.forms.search import SearchForm, parse_items
from agreements.search import SearchBy

BY = {by.value: by for by in SearchBy}


def keys(by: str, typed: str) -> list[str]:
    return [str(item) for item in parse_items(BY[by], typed).items]


class TestParsing:
    """T1: what stands in the box, before anything is looked for."""

    @pytest.mark.parametrize(
        "typed",
        [
            "102512000233,102512000234",
            " 102512000233 ,\t102512000234 ",
            "102512000233\r\n102512000234\r\n",
            "102512000233,\n  102512000234,,\n\n",
            "102512000233; 102512000234",
            "102512000233 102512000234",
            "Agreement number\n102512000233\n102512000234",
            '"102512000233"\n"102512000234"',
            "\ufeff102512000233\u200b,\u00a0102512000234",
            "102512-000233, 1025 1200 0234",
        ],
    )
    def test_commas_line_breaks_and_mixed_spaces_separate(self, typed):
        assert keys("number", typed) == ["102512000233", "102512000234"]

    @pytest.mark.parametrize(
        "typed",
        [
            "'10443720009000017",
            "1044372 0009 0000 17",
            "1044372-0009-000017",
            "’10443720009000017",
            '="10443720009000017"',
            "ESIID\r\n'10443720009000017\r\n",
        ],
    )
    def test_an_esiid_may_come_from_a_csv(self, typed):
        assert keys("esiid", typed) == ["10443720009000017"]

    def test_esiids_of_both_lengths(self):
        both = ["10443720009000017", "1008901000000000000102"]
        assert keys("esiid", " ".join(both)) == both

    @pytest.mark.parametrize(
        ("by", "typed", "key"),
        [
            ("number", "102*", "102*"),
            ("number", "102 *", "102*"),
            ("esiid", "'10443*", "10443*"),
            ("esiid", "1044 372*", "1044372*"),
            ("meter", "G104*", "104*"),
            ("meter", "g104051941", "104051941"),
            ("meter", "142606737lg", "142606737LG"),
            ("meter", "1040 51-941", "104051941"),
            ("name", "O'Br*", "O'Br*"),
            ("name", "De  la Cruz", "De la Cruz"),
            ("name", "José", "José"),
        ],
    )
    def test_an_item_is_a_whole_value_or_a_prefix(self, by, typed, key):
        assert keys(by, typed) == [key]

    @pytest.mark.parametrize(
        ("by", "typed"),
        [
            ("number", "10251200023"),
            ("number", "1025120002330"),
            ("number", "10251200023A"),
            ("number", "abc*"),
            ("number", "1025120002331*"),
            ("number", "１０２５１２０００２３３"),
            ("esiid", "1044372000900001"),
            ("esiid", "104437200090000179"),
            ("esiid", "10443720009O00017"),
            ("esiid", "1.04437E+16"),
            ("esiid", "10089010000000000001020*"),
            ("meter", "1040/51941"),
            ("meter", "1" * 21),
            ("meter", "日本"),
            ("name", "12345"),
            ("name", "-"),
            ("name", "a" * 61),
        ],
    )
    def test_impossible_items_are_reported(self, by, typed):
        found = parse_items(BY[by], typed)
        assert not found.items and len(found.impossible or found.misplaced) == 1

    @pytest.mark.parametrize("typed", ["*", "**", "1*2", "*102", "102**"])
    @pytest.mark.parametrize("by", BY)
    def test_an_asterisk_is_allowed_only_at_the_end(self, by, typed):
        found = parse_items(BY[by], typed)
        assert found.misplaced == (typed,) and not found.items

    def test_an_item_counts_once(self):
        assert keys("esiid", "10443720009000017, '10443720009000017, 1044372-0009000017") == ["10443720009000017"]

    @given(st.sampled_from(sorted(BY)), st.text(max_size=60))
    def test_no_text_breaks_the_parser(self, by, typed):
        found = parse_items(BY[by], typed)
        for item in found.items:
            assert item.key and "\x00" not in item.key and "*" not in item.key
            # What the address says means the same again.
            assert parse_items(BY[by], str(item)).items in ((item,), ()) or by == "name"

    @given(st.sampled_from(["number", "esiid", "meter"]), st.lists(st.from_regex(r"\A[0-9]{1,9}\*\Z"), max_size=120))
    def test_the_form_takes_a_hundred_items_and_no_more(self, by, items):
        form = SearchForm({"by": by, "items": "\n".join(items)})
        assert form.is_valid() == (1 <= len(set(items)) <= 100)
