"""Spanish as in the United States: Spanish words, American numbers, and dates that cannot be taken for others.

Django's own Spanish writes 72,953 for what everybody in Texas writes 72.953; and 03/04 is a day in March here, in April
there. Central time is named so that nobody takes it for another zone.
"""

DATE_FORMAT = r"j \d\e F \d\e Y"
SHORT_DATE_FORMAT = DATE_FORMAT
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A, \h\o\r\a \d\e\l \c\e\n\t\r\o"
SHORT_DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A T"  # in tables and timelines
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
