"""Make static/fonts anew: Portal Sans, a subset of IBM Plex Sans under another name (ADR 42).

    python -m venv /tmp/typeface
    /tmp/typeface/bin/pip install fontpkg-ibm-plex-sans==3.201 fonttools brotli
    /tmp/typeface/bin/python scripts/make_typeface.py

The letters are those of `unicode-range` in static/css/tokens.css. The license reserves the name Plex, so the subset has
another one; static/fonts/OFL.txt is the package's LICENSE.
"""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "static" / "fonts"
FAMILY = "Portal Sans"
PACKAGE = files("fontpkg_ibm_plex_sans")
# Marks over letters, spelling of figures, and a zero with a slash for who asks for it.
FEATURES = ["kern", "ccmp", "locl", "mark", "mkmk", "zero"]
FACE = re.compile(r'url\("\.\./fonts/([\w-]+\.woff2)"\).*?unicode-range: ([^;]+);', re.DOTALL)
# Of the name table: the copyright, which stays; family, full name and typographic family.
COPYRIGHT, FULL_NAMES = 0, (1, 3, 4, 16)


def make(name: str, ranges: str) -> int:
    """Write static/fonts/`name` with the letters of `ranges`, in CSS's words. Return its size in bytes."""
    options = subset.Options(layout_features=FEATURES, flavor="woff2", hinting=False)
    font = TTFont(str(PACKAGE / "files" / "IBMPlexSans[wdth,wght].ttf"))
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=subset.parse_unicodes(ranges.replace("U+", "")))
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": (400, 700), "wdth": 100})
    for record in list(font["name"].names):
        if record.nameID in FULL_NAMES:
            font["name"].setName(FAMILY, record.nameID, record.platformID, record.platEncID, record.langID)
        elif record.nameID != COPYRIGHT and "Plex" in str(record):
            record.string = str(record).replace("IBMPlexSans", FAMILY.replace(" ", ""))
    font.flavor = "woff2"
    font.save(FONTS / name)
    return (FONTS / name).stat().st_size


if __name__ == "__main__":
    for name, ranges in FACE.findall((ROOT / "static" / "css" / "tokens.css").read_text()):
        print(f"{name}: {make(name, ranges)} bytes")
    shutil.copyfile(str(PACKAGE / "LICENSE"), FONTS / "OFL.txt")
