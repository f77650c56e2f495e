"""What the tests of reports share with others of the third party's pages."""

from tests.support.third_party_pages import member  # noqa: F401 - pytest finds fixtures by their names
