"""Print the product's size and shape: `python3 scripts/code_figures.py [CHECKOUT ...]`. For maintainers.

Lines are those of Python that are neither blank nor comment; tests, bench, demo, scripts, migrations and the supervisor
of `make run` do not count. A private function used once is one whose name starts with an underscore and that its module
names at exactly one place besides its definition.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

LEFT_OUT = {"tests", "bench", "demo", "scripts", "migrations", "var", ".venv", "docs", "node_modules"}
# The supervisor of development, where it is and where it was.
SUPERVISOR = re.compile(
    r"^(local/(?!inbox|views|urls)|smt_portal/(run|children|keeping|guardian|clockwork|embedded|environment|mailcatcher|prepare)\.py)"
)


def product_files(checkout: Path) -> list[Path]:
    paths = [path for path in sorted(checkout.rglob("*.py")) if not LEFT_OUT & set(path.relative_to(checkout).parts)]
    return [path for path in paths if not SUPERVISOR.match(path.relative_to(checkout).as_posix())]


def code_lines(source: str) -> int:
    """How many lines of `source` hold a token that is neither a comment nor white space; docstrings count."""
    nothing = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing:
            lines.update(range(token.start[0], token.end[0] + 1))
    blank = {number for number, line in enumerate(source.splitlines(), 1) if not line.strip()}
    return len(lines - blank)


def figures(checkout: Path) -> dict[str, int | float]:
    lines, docstrings, functions = 0, 0, 0
    private, once = 0, 0
    classes: Counter[str] = Counter()
    for path in product_files(checkout):
        source = path.read_text()
        lines += code_lines(source)
        names: Counter[str] = Counter()
        defined: list[str] = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions += 1
                if node.name.startswith("_") and not node.name.endswith("__"):
                    defined.append(node.name)
            elif isinstance(node, ast.ClassDef):
                classes[node.name] += 1
            elif isinstance(node, ast.Name):
                names[node.id] += 1
            elif isinstance(node, ast.Attribute):
                names[node.attr] += 1
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and (
                docstring := ast.get_docstring(node, clean=False)
            ):
                docstrings += len([line for line in docstring.splitlines() if line.strip()])
        private += len(defined)
        once += sum(names[name] == 1 for name in defined)
    return {
        "files": len(product_files(checkout)),
        "lines": lines,
        "lines without docstrings": lines - docstrings,
        "functions": functions,
        "private functions": private,
        "private functions used once": once,
        "... in per cent of all": round(100 * once / functions, 1),
        "class names used twice": sum(count > 1 for name, count in classes.items() if name not in {"Meta", "Command"}),
    }


def main(checkouts: list[str]) -> None:
    columns = [figures(Path(checkout)) for checkout in checkouts]
    for name in columns[0]:
        print(f"{name:30}", *(f"{column[name]:>10}" for column in columns))


if __name__ == "__main__":
    main(sys.argv[1:] or ["."])
