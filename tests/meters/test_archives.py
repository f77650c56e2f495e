"""Files come plain, gzipped or zipped; a damaged or hostile archive is rejected before any row is imported (D2)."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

import pytest

from meters.imports import FileError
from meters.models import Premise, UsageDay
from tests.factories import TdspFactory
from tests.meters.usage_files import ESIID, OTHER_ESIID, import_file, import_rows, rows, stored_day, text

pytestmark = pytest.mark.django_db

CSV = text(*rows())


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        gzip.compress(CSV),
        gzip.compress(CSV[:500]) + gzip.compress(CSV[500:]),
        zipped(("usage.csv", CSV)),
        zipped(("a/USAGE.CSV", CSV), ("__MACOSX/usage.csv", b"\0\1"), ("readme.txt", b"hello")),
        zipped(("usage.csv", CSV), how=zipfile.ZIP_STORED),
        zipped(("IntervalMeterUsage20260303.CSV.134642921", CSV)),
    ],
    ids=["plain", "gzip", "gzip in two parts", "ZIP", "ZIP with other things", "ZIP, stored", "ZIP, as SMT names it"],
)
def test_a_file_may_be_plain_gzipped_or_zipped(tmp_path, premise, content):
    """D2: recognized by content, not by name."""
    result, rejected = import_rows(tmp_path, content=content)
    assert (result.rows, result.new, rejected) == (96, 1, [])


def test_every_csv_of_a_zip_is_loaded_and_named(tmp_path, premise, other_premise):
    """D2."""
    bad = text(*rows(esiid=OTHER_ESIID)).replace(b",.002,", b",x,")
    result, rejections = import_file(tmp_path, zipped(("one.csv", CSV), ("two.csv", bad)))
    assert (result.rows, result.new) == (192, 2)
    assert [(one.file, one.line) for one in rejections] == [(f"{tmp_path}/usage.csv/two.csv", 3)]


def test_a_zip_with_an_unknown_csv_imports_the_others(tmp_path, premise):
    """D2: the error names it, and the result counts the others."""
    with pytest.raises(
        FileError, match=r"usage\.csv/bad\.csv: the header does not match any known usage layout"
    ) as failure:
        import_rows(tmp_path, content=zipped(("bad.csv", b"A,B\n"), ("good.csv", CSV)))
    assert failure.value.result is not None and failure.value.result.new == 1
    assert stored_day(premise.pk).wh == [*range(1, 97)]


def damaged(content: bytes, at: float) -> bytes:
    place = int(len(content) * at)
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (gzip.compress(CSV)[:-9], "can't be read"),
        (damaged(gzip.compress(CSV), 0.5), "can't be read"),
        (gzip.compress(CSV)[:-8] + struct.pack("<LL", zlib.crc32(b"x"), len(CSV)), "CRC"),
        (damaged(zipped(("usage.csv", CSV)), 0.3), "can't be read"),
        (zipped(("usage.csv", CSV)).replace(CSV[:8], b"X" * 8), None),
        (zipped(("usage.csv", CSV))[:-30], "an incomplete ZIP. Download it again"),
        (zipped(("inner.zip", zipped(("usage.csv", CSV)))), "contains another archive"),
        (zipped(("usage.txt", CSV)), "contains no CSV file"),
        (zipped(("usage.csv.old", CSV)), "contains no CSV file"),
        (zipped(("xl/workbook.xml", b"<"), ("xl/a.csv", CSV)), "an Excel workbook. Load the CSV it was made from"),
        (zipped(("usage.csv", CSV), how=zipfile.ZIP_BZIP2), "uses an unusual compression"),
        (zipped(*((f"{n:06}" + "x" * 200 + ".csv", b"") for n in range(5_000))), "contains too many files"),
    ],
    ids=[
        "cut gzip",
        "damaged gzip",
        "gzip sum",
        "damaged ZIP",
        "same ZIP",
        "cut ZIP",
        "nested",
        "no CSV",
        "no number",
        "workbook",
        "bzip2",
        "many",
    ],
)
def test_a_damaged_archive_is_rejected_entirely(tmp_path, premise, content, cause):
    """D2: rows of a damaged archive may be plausible and wrong."""
    if cause is None:  # so that the others are seen to fail for their own reason
        assert import_rows(tmp_path, content=content)[0].new == 1
        return
    with pytest.raises(FileError, match=cause):
        import_rows(tmp_path, content=content)
    assert not UsageDay.objects.exists()


def test_an_encrypted_zip_is_rejected(tmp_path, premise):
    """D2: the message says what to do."""
    content = bytearray(zipped(("usage.csv", CSV)))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    with pytest.raises(FileError, match=r"is encrypted\. Unpack it with its password"):
        import_rows(tmp_path, content=bytes(content))


class TestDecompressionBombs:
    """D2: bombs are found by counting, without keeping their content in memory."""

    def gzip_bomb(self) -> bytes:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        lines = b"x" * (1 << 20)
        return b"".join(squeeze.compress(lines) for _ in range(64)) + squeeze.flush()

    @pytest.mark.parametrize("pack", ["gzip", "zip"])
    def test_an_archive_with_a_high_ratio_is_rejected(self, tmp_path, premise, pack):
        content = self.gzip_bomb() if pack == "gzip" else zipped(("usage.csv", bytes(64 << 20)))
        assert len(content) < 100_000
        with pytest.raises(FileError, match="unpacks to an unusually large file"):
            import_rows(tmp_path, content=content)

    def test_an_archive_larger_than_the_limit_is_rejected(self, tmp_path, premise, settings):
        settings.LOAD_UNPACKED_LIMIT = 3 * len(CSV)
        assert import_rows(tmp_path, content=zipped(*((f"{n}.csv", CSV) for n in range(3))))[0].new == 1
        with pytest.raises(FileError, match="unpacks to an unusually large file"):
            import_rows(tmp_path, content=zipped(*((f"{n}.csv", CSV) for n in range(4))))

    @pytest.mark.control
    def test_without_the_ratio_limit_the_bomb_is_read(self, tmp_path, premise, settings, monkeypatch):
        """Control: only the ratio rejects it; next, the line is too long."""
        monkeypatch.setattr("meters.imports.archives.RATIO_LIMIT", 10**9)
        with pytest.raises(FileError, match="no header line"):
            import_rows(tmp_path, content=self.gzip_bomb())


def test_extracts_and_meter_numbers_may_be_packed(tmp_path):
    """D2: ERCOT's extract and meter numbers, gzipped and zipped."""
    from meters.imports import import_meters, import_premises

    duns = TdspFactory().duns
    extract = ",".join([f'"{ESIID}","1 A ST",,"DALLAS","TX","75201",,"{duns}"', *['""'] * 14]).encode() + b"\n"
    (tmp_path / "extract").write_bytes(gzip.compress(extract))
    assert import_premises(tmp_path / "extract").new == 1
    (tmp_path / "extract").write_bytes(zipped(("extract.csv", extract)))
    assert import_premises(tmp_path / "extract").unchanged == 1
    meters = f"ESIID,METER_NUMBER\n{ESIID},142606737LG\n".encode()
    (tmp_path / "meters").write_bytes(gzip.compress(meters))
    assert import_meters(tmp_path / "meters").new == 1
    (tmp_path / "meters").write_bytes(zipped(("meters.csv", meters)))
    assert import_meters(tmp_path / "meters").unchanged == 1
    assert Premise.objects.get().meters.get().number == "142606737LG"
