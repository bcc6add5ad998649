"""Parts of a page that a command writes: what lies between a mark that begins and one that ends them."""

from __future__ import annotations


def with_block(page: str, name: str, block: str) -> str:
    """The page with another part between its marks.

    Args:
        page: Markdown with the lines `<!-- begin: written by NAME -->` and `<!-- end: written by NAME -->`, each once.
        name: Of the part: what writes it.
        block: What is to stand there; an empty line is set on both sides.

    Raises:
        ValueError: The page has not both marks once.
    """
    begin, end = f"<!-- begin: written by {name} -->\n", f"<!-- end: written by {name} -->\n"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"Expected one line {begin!r} and one {end!r}; got {page.count(begin)} and {page.count(end)}.")
    before, rest = page.split(begin)
    return f"{before}{begin}\n{block.strip(chr(10))}\n\n{end}{rest.split(end)[1]}"
