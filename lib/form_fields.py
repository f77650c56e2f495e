"""Form fields for names, addresses and contacts of people and companies, and the parts that several forms share."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator, RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from localflavor.us.us_states import US_STATES
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

from lib.action_forms import ShowsRefusals
from lib.letter_font import unprintable_letters
from lib.phone_numbers import format_phone

# Control characters, line and paragraph separators, zero-width characters and characters that change the reading
# direction: in a name they break headers and plain text, or make it look like another name (E3).
_INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
# They look like nothing, although Unicode calls them letters, marks or symbols.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # of emoji and of scripts whose letters join

_WEB_ADDRESS = re.compile(r"://|@|\bwww[.。]", re.IGNORECASE)
_DOMAIN = re.compile(r"\w{2,}[.。][^\W\d_]{2,}")

EXTENSION_DIGITS = 10
_LETTERS_NAMED = 10  # in an error message


class TooLongValidator(MaxLengthValidator):
    """Count what was typed."""

    message = ngettext_lazy(
        "Enter %(limit_value)d character or fewer in “%(field)s”. You entered %(show_value)d.",
        "Enter %(limit_value)d characters or fewer in “%(field)s”. You entered %(show_value)d.",
        "limit_value",
    )


class NamedInErrors:
    """A form field whose label is the parameter `field` of its errors: a summary shows them elsewhere (A2)."""

    label: Any

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)  # type: ignore[misc]
        except ValidationError as errors:
            for error in errors.error_list:
                error.params = (error.params or {}) | {"field": self.label}
            raise


def replace_technical_validators(field: forms.CharField, max_length: int) -> None:
    """Let `field` refuse long values in our words, and leave null characters to the other validators."""
    technical = (MaxLengthValidator, ProhibitNullCharactersValidator)
    field.validators = [validator for validator in field.validators if not isinstance(validator, technical)]
    field.validators.append(TooLongValidator(max_length))


def require_printable(value: str) -> None:
    """Refuse what a letter of authorization cannot print (A1). Raises ValidationError."""
    if letters := unprintable_letters(value):
        message = _("Enter “%(field)s” in Latin letters. We can't print “%(letters)s” in a letter of authorization.")
        raise ValidationError(message, code="unprintable", params={"letters": letters[:_LETTERS_NAMED]})


class LineField(NamedInErrors, forms.CharField):
    """One line of text in composed form (NFC), without invisible characters."""

    allowed = ""

    def __init__(self, *, max_length: int, autocomplete: str = "", **options: Any) -> None:
        super().__init__(max_length=max_length, **options)
        replace_technical_validators(self, max_length)
        if autocomplete:
            self.widget.attrs["autocomplete"] = autocomplete

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", str(super().to_python(value)))

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        text = value.translate(dict.fromkeys(map(ord, self.allowed)))
        if _BLANK.search(text) or any(unicodedata.category(one) in _INVISIBLE for one in text):
            message = _("Remove the invisible character from “%(field)s”. Type the text instead of pasting it.")
            raise ValidationError(message, code="invisible")


class NameField(LineField):
    """A name or a part of an address, as a letter of authorization prints it (A1).

    No web or email address, which mail programs would make a link (E3). With `of_person`, also no domain such as
    example.com, which may be a company's name.
    """

    def __init__(self, *, of_person: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.of_person = of_person

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        text = unicodedata.normalize("NFKC", value)
        if _WEB_ADDRESS.search(text):
            message = _("Remove the web or email address from “%(field)s”.")
        elif self.of_person and _DOMAIN.search(text):
            message = _(
                "Remove the web address from “%(field)s”. If it isn't a web address, put a space after each period."
            )
        elif value and not any(unicodedata.category(one)[0] in "LN" for one in text):
            message = _("Enter letters or numbers in “%(field)s”.")
        else:
            require_printable(value)
            return
        raise ValidationError(message, code="name")


class ParagraphField(LineField):
    """Several lines of text; a line end is one character, as browsers count it."""

    allowed = "\n\t" + _JOINERS
    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


def _email_input(autocomplete: str) -> forms.EmailInput:
    return forms.EmailInput({"autocomplete": autocomplete, "spellcheck": "false", "autocapitalize": "none"})


class EmailLineField(NamedInErrors, forms.EmailField):
    """An email address of at most 254 characters; `autocomplete` is "email" for the user's own."""

    default_error_messages = {"invalid": _("Enter a full email address in “%(field)s”, such as name@example.com.")}

    def __init__(self, *, autocomplete: str = "off", **options: Any) -> None:
        super().__init__(max_length=254, widget=_email_input(autocomplete), **options)
        replace_technical_validators(self, 254)

    def run_validators(self, value: str) -> None:
        if value.endswith("]"):  # an IP address instead of a domain: valid, but no person has one
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        super().run_validators(value)
        require_printable(value)


class EmailAgainField(forms.CharField):
    """The user's own email again; `require_same_email` compares the two."""

    default_error_messages = {"required": _("Enter the same email address again.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, widget=_email_input("email"), **options)


def require_same_email(email: str | None, again: str) -> str:
    """Return `again` if it equals `email`, or if that is not valid. Raises ValidationError."""
    again = again.strip()
    if email and again.casefold() != email.casefold():
        raise ValidationError(_("The two email addresses don't match. Correct the one that's wrong."))
    return again


class _PhoneInput(forms.TextInput):
    """Shows a stored number as the pages do; what the user typed stays as typed."""

    input_type = "tel"

    def format_value(self, value: Any) -> str | None:
        return format_phone(value) if isinstance(value, PhoneNumber) else super().format_value(value)


class PhoneField(NamedInErrors, PhoneNumberField):
    """A telephone number of any country, in the USA without "+1"; the value is a PhoneNumber, with its extension.

    With `beside_extension`, the extension has its own field.
    """

    def __init__(self, *, autocomplete: str = "", beside_extension: bool = False, **options: Any) -> None:
        widget = _PhoneInput({"autocomplete": autocomplete} if autocomplete else {})
        super().__init__(region="US", widget=widget, **options)
        self.beside_extension = beside_extension
        self.error_messages["invalid"] = _(
            "Enter a phone number with area code in “%(field)s”, such as 512-555-0100 or 512-555-0100 ext. 12."
        )
        if beside_extension:
            self.error_messages["invalid"] = _(
                "Enter a phone number with area code in “%(field)s”, such as 512-555-0100. "
                "Enter the extension in its own field."
            )
        self.validators.clear()  # the package's messages are not ours

    def run_validators(self, value: Any) -> None:
        if value in self.empty_values:
            return
        extension = value.extension or ""
        if not value.is_valid() or len(extension) > (0 if self.beside_extension else EXTENSION_DIGITS):
            raise ValidationError(self.error_messages["invalid"], code="invalid")


class ExtensionField(LineField):
    """What is dialed after the telephone number; optional."""

    default_validators = [RegexValidator(r"\A[0-9]+\Z", _("Enter an extension with digits only."))]

    def __init__(self) -> None:
        widget = forms.TextInput({"autocomplete": "tel-extension", "inputmode": "numeric", "size": "6"})
        super().__init__(label=_("Extension"), max_length=EXTENSION_DIGITS, required=False, widget=widget)


class ZipField(LineField):
    """A ZIP code of 5 digits or 5+4."""

    default_validators = [
        RegexValidator(
            r"\A[0-9]{5}(-[0-9]{4})?\Z", _("Enter a ZIP code with 5 or 9 digits, such as 78701 or 78701-1234.")
        )
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=10, widget=forms.TextInput({"inputmode": "numeric"}), **options)


class StateField(forms.ChoiceField):
    """A state of the USA, as its postal code; Texas by default."""

    def __init__(self, *, autocomplete: str = "", **options: Any) -> None:
        widget = forms.Select({"autocomplete": autocomplete} if autocomplete else {})
        super().__init__(choices=US_STATES, initial="TX", widget=widget, **options)


class NameForm(ShowsRefusals):
    """The name of the person who fills in the form."""

    required_messages = {"first_name": _("Enter your first name."), "last_name": _("Enter your last name.")}

    first_name = NameField(label=_("First name"), of_person=True, max_length=60, autocomplete="given-name")
    last_name = NameField(label=_("Last name"), of_person=True, max_length=60, autocomplete="family-name")


class PhoneForm(forms.Form):
    """The telephone number of the person who fills in the form; optional."""

    phone = PhoneField(label=_("Phone"), required=False, autocomplete="tel", beside_extension=True)
    phone_extension = ExtensionField()
