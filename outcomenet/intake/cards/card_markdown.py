"""Readable form of a card in Markdown, made from the Croissant one and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from outcomenet.artifacts import JsonObject
from outcomenet.intake.cards.card_facts import RAI, TO_FILL_IN

# Properties that Croissant 1.1 requires of every data set, in plain words.
REQUIRED = {"license": "licence", "url": "home page", "creator": "creators", "datePublished": "date of publication"}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_WEB = re.compile(r"https?://[^\s<>()\"]+")
SHOWN_TYPES = {"sc:Text": "text", "sc:Integer": "whole number", "sc:Boolean": "true or false", "sc:Date": "date"}


def card_markdown(card: JsonObject) -> str:
    """The text of a card's README.md or card.md, made from the content of its croissant.json."""
    card = {name: _harmless(part) for name, part in card.items() if _is_harmless(name, part)}
    parts = [f"# {_line(card['name'])}", _line(card["description"]), _overview(card), *_missing(card)]
    if steps := card.get("conditionsOfAccess"):
        parts += ["## How to get it", *_numbered(steps)]
    for name, heading in RAI.items():
        if statements := card.get(f"rai:{name}"):
            parts += [f"## {heading}", _statements(statements)]
    if seen := card.get("citation"):
        parts += ["## Where facts were read", _statements(seen)]
    parts += ["## Files", _files(card["distribution"])]
    for table in card["recordSet"]:
        parts += [f"## Fields of `{table['name']}`", *_record_set(table)]
    parts.append("Made from `croissant.json` beside it (Croissant 1.1, RAI 1.0), which holds every field by itself.")
    return "\n\n".join(parts) + "\n"


def _harmless(value: object) -> object:
    """The card with no text that Markdown would pass on as HTML, or show as a picture or link of its own.

    A `<` that begins a tag, comment or address is written `&lt;`; the card's own links come from `url` alone, where that
    is a web address.
    """
    if isinstance(value, Mapping):
        return {name: _harmless(part) for name, part in value.items() if _is_harmless(name, part)}
    if isinstance(value, list | tuple):
        return [_harmless(part) for part in value]
    # a `<` in running text, as in CRP < 5, stays
    return _TAG.sub("&lt;", value).replace("](", "]\\(") if isinstance(value, str) else value


def _is_harmless(name: str, value: object) -> bool:
    """Whether an entry may be shown at all: an address must be one of the web."""
    return name != "url" or _WEB.fullmatch(str(value)) is not None


def _overview(card: JsonObject) -> str:
    licence = card.get("license", {})
    rows = {
        "Licence": _link(licence.get("name", ""), licence.get("url", "")),
        "Home page": f"<{card['url']}>" if "url" in card else "",
        "Creators": ", ".join(creator["name"] for creator in card.get("creator", [])),
        "To cite": card.get("citeAs", ""),
        "Published": card.get("datePublished", ""),
        "Version": card.get("version", ""),
    }
    return _table(("", ""), [(name, value) for name, value in rows.items() if value])


def _missing(card: JsonObject) -> list[str]:
    """The section of what is to be filled in before the card is complete; none where it is."""
    gaps = [f"{words} (`{name}`)" for name, words in REQUIRED.items() if name not in card]
    for name in RAI:
        statements = card.get(f"rai:{name}", [])
        texts = [statements] if isinstance(statements, str) else statements
        gaps += [f"{RAI[name]} (`rai:{name}`): {t.removeprefix(TO_FILL_IN)}" for t in texts if t.startswith(TO_FILL_IN)]
    if not gaps:
        return []
    return ["## Still to be filled in", _statements(gaps)]


def _statements(texts: str | Sequence[str]) -> str:
    return _line(texts) if isinstance(texts, str) else "\n".join(f"- {_line(text)}" for text in texts)


def _numbered(steps: Sequence[str]) -> list[str]:
    return ["\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))]


def _files(files: Sequence[JsonObject]) -> str:
    rows = []
    for file in files:
        digest = f"`{file['sha256'][:12]}...`" if "sha256" in file else ""
        place = file.get("contentUrl") or file["includes"]
        description = " ".join(text for text in (file.get("description", ""), file.get("license", "")) if text)
        rows.append((f"`{place}`", description, file.get("contentSize", ""), digest))
    return _table(("file", "what it is", "size", "SHA-256"), rows)


def _record_set(table: JsonObject) -> list[str]:
    key = ", ".join(f"`{part['@id'].rsplit('/', 1)[-1]}`" for part in table.get("key", []))
    about = table.get("description", "") + (f" A record is named by {key}." if key else "")
    return [about.strip(), _table(("field", "type", "meaning"), _field_rows(table["field"]))]


def _field_rows(fields: Sequence[JsonObject]) -> list[tuple[str, ...]]:
    """A row per field; neighbours that differ in nothing but their name share one."""
    rows = []
    for (shown_type, meaning), same in groupby(fields, key=lambda field: (_type(field), field.get("description", ""))):
        names = [field["name"] for field in same]
        shown = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` to `{names[-1]}` ({len(names)})"
        rows.append((shown, shown_type, meaning))
    return rows


def _type(field: JsonObject) -> str:
    known: str = field["dataType"]
    name = SHOWN_TYPES.get(known, known.removeprefix("cr:").lower())
    return f"{name} [{field['arrayShape'].replace(',', ', ')}]" if "arrayShape" in field else name


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_line(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _line(text: str) -> str:
    """Text as one line: a line break from cohort.toml (a BibTeX entry, say) would end a table's row or begin a heading."""
    return " ".join(text.split())


def _link(text: str, url: str) -> str:
    return f"[{text}]({url})" if text and url else text
