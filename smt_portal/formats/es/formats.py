"""Spanish words, Central time named so that nobody takes it for another zone."""

DATE_FORMAT = r"j \d\e F \d\e Y"
SHORT_DATE_FORMAT = "d/m/Y"
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A T"
SHORT_DATETIME_FORMAT = "d/m/Y g:i A T"
