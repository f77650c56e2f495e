"""Spanish as in the United States: Spanish words, American numbers (72,953.5), and dates with the month's name."""

DATE_FORMAT = r"j \d\e F \d\e Y"
SHORT_DATE_FORMAT = DATE_FORMAT
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A, \h\o\r\a \d\e\l \c\e\n\t\r\o"
SHORT_DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A T"  # in tables and timelines
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
