"""What the watch over the tests' logs notices (X4)."""

import pytest

from tests.support.log_watch import PLANTED, private_parts

TOKEN = "kJ3x_9QmZt-Wv5r8Yb2nLc7Hd4Fg6Ps1Ta0Ue-Xi3Vo"


@pytest.mark.parametrize(
    "line",
    [
        "sent to maria@example.net",
        f"GET /invitation/{TOKEN}/ 200",
        f"token {TOKEN}",
        "premise 10123456789012345 has no meter",
        "Failing row contains (7, Rosa, Delgado)",
        "calls +15125550102",
        "calls (512) 555-0102",
    ],
)
def test_a_private_line_is_noticed(line):
    assert private_parts(f"fine\n{line}\nfine") != []
    assert private_parts(f"{line} {PLANTED}") == []


@pytest.mark.parametrize(
    "line", ["GET /invitation/[link]/ 200", "to [email]", "[ESIID]9012345 has none", "job 20261129"]
)
def test_what_the_filter_leaves_is_not(line):
    assert private_parts(line) == []
