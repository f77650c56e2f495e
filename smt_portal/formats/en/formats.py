"""American dates, as Texans write them."""

DATE_FORMAT = "F j, Y"
SHORT_DATE_FORMAT = "m/d/Y"
DATETIME_FORMAT = "F j, Y, g:i A T"
SHORT_DATETIME_FORMAT = "m/d/Y g:i A T"
