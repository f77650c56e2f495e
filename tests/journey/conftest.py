"""What tests of the whole portal may ask for."""

from tests.journey.processes import own_database, portal  # noqa: F401 - pytest finds them by their names
