"""American dates, as Texans write them."""

DATE_FORMAT = "F j, Y"
SHORT_DATE_FORMAT = "m/d/Y"
DATETIME_FORMAT = r"F j, Y, g:i A \C\e\n\t\r\a\l \T\i\m\e"
SHORT_DATETIME_FORMAT = "M j, Y, g:i A T"  # in tables and timelines
