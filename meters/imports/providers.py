"""Import the electricity providers (D2, docs/file-formats.md): certificate number and name, as the PUCT lists them.

The table is small, so a file is imported in one transaction. Names that it leaves out stay: bills may still show them.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from meters.identifiers import is_certificate_number
from meters.imports.archives import open_sources
from meters.imports.file_kinds import describe_columns
from meters.imports.results import FileError, ImportResult, InvalidRow, OnRejection, Progress, Reason
from meters.imports.text_lines import TextWindow, split_fields, trim_fields
from meters.models import ElectricityProvider

_HEADER = ["CERTIFICATE_NUMBER", "NAME"]


@transaction.atomic
def import_providers(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    dry_run: bool = False,
) -> ImportResult:
    """Import the CSV (plain, gzip or ZIP) at `path`; the result counts names; a `dry_run` stores nothing.

    FileError if the file can't be read or its header has other columns.
    """
    result = ImportResult(str(path), "providers", on_rejection=on_rejection)
    known = set(ElectricityProvider.objects.values_list("certificate_number", "name"))
    for source in open_sources(path):
        text = TextWindow(source, progress)
        names = text.read_header()
        if sorted(names) != _HEADER:
            raise FileError(
                _("%(file)s: the first line must be the header CERTIFICATE_NUMBER,NAME (%(difference)s).")
                % {"file": source.name, "difference": describe_columns(names, tuple(_HEADER))}
            )
        for number, line in text.lines():
            if line == b"":
                continue
            result.rows += 1
            try:
                fields = split_fields(line)
                row = dict(zip(names, trim_fields(fields, len(names)), strict=True))
                if not is_certificate_number(row["CERTIFICATE_NUMBER"]) or not row["NAME"]:
                    raise InvalidRow(Reason.CERTIFICATE)
                if len(row["NAME"]) > 120:
                    raise InvalidRow(Reason.FIELD_TOO_LONG, "NAME")
            except InvalidRow as invalid:
                result.reject(source.name, number, invalid.reason, line, invalid.column)
                continue
            provider = (row["CERTIFICATE_NUMBER"], row["NAME"])
            if provider in known:
                result.unchanged += 1
                continue
            known.add(provider)
            result.new += 1
            ElectricityProvider.objects.create(certificate_number=provider[0], name=provider[1])
    if dry_run:
        transaction.set_rollback(True)
    return result
