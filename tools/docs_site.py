"""Sources of the documentation site: the repository's Markdown as it lies, and one page of docstrings for each part.

Run by `make docs` before mkdocs. Pages keep their places, so that links between them hold in the repository and on the site.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site_source"
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "CITATION.cff")
FOLDERS = ("docs", "data_cards", "experiments", "examples")
KINDS = {".md", ".png", ".svg", ".csv", ".json", ".py", ".ipynb", ".toml"}


def stage(root: Path, site: Path) -> list[str]:
    """Copies the pages and writes those of the docstrings.

    Args:
      root: folder of the repository.
      site: folder to write; replaced.

    Returns:
      Names of the parts that have a page under `api/`.
    """
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    for name in PAGES:
        shutil.copyfile(root / name, site / name)
    for folder in FOLDERS:
        for file in (root / folder).rglob("*"):
            if file.suffix in KINDS:
                target = site / file.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    (site / "api").mkdir()
    parts = _parts(root / "outcomenet")
    for name, modules in parts.items():
        (site / "api" / f"{name}.md").write_text(_page(name, modules), encoding="utf-8")
    (site / "api" / "index.md").write_text(_index(root / "outcomenet", parts), encoding="utf-8")
    return list(parts)


def _parts(package: Path) -> dict[str, list[str]]:
    """Modules by part; those that stand alone are together under the package's name."""
    parts: dict[str, list[str]] = {"outcomenet": ["outcomenet"]}
    for file in sorted(package.rglob("*.py")):
        parents = file.relative_to(package).parts[:-1]
        if file.stem != "__init__":
            name = ".".join(("outcomenet", *parents, file.stem))
            parts.setdefault(parents[0] if parents else "outcomenet", []).append(name)
    return parts


def _page(part: str, modules: list[str]) -> str:
    return f"# {part}\n\n" + "\n\n".join(f"::: {name}" for name in modules) + "\n"


def _index(package: Path, parts: dict[str, list[str]]) -> str:
    lines = [
        "# Modules and functions",
        "",
        "From the docstrings. Imports go one way; see [architecture](../docs/architecture.md).",
        "",
    ]
    lines += ["| Part | What it is |", "| --- | --- |"]
    for name in parts:
        source = package / ("" if name == "outcomenet" else name) / "__init__.py"
        about = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split("\n")[0]
        lines.append(f"| [{name}]({name}.md) | {about} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(f"{SITE}: {len(stage(ROOT, SITE))} pages of docstrings beside the pages of the repository.")
