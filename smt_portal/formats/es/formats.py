"""Spanish words, Central time named so that nobody takes it for another zone."""

DATE_FORMAT = r"j \d\e F \d\e Y"
SHORT_DATE_FORMAT = "d/m/Y"
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i A T"
SHORT_DATETIME_FORMAT = "d/m/Y g:i A T"
# As in Mexico and in the United States, and as in the CSV: elsewhere 27,708 kWh is a thousandth of it.
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
