"""Looks at finished pages with a real browser: `make pages`, or `python -m tests.look_at_pages PAGE... --out DIR`.

Chromium (`chromium`, `chromium-browser` or `google-chrome` on the path; Debian: apt-get install chromium) opens each page at
the widths of a phone and of two screens and says which tables or pictures are cut; it prints the page to a PDF. Pictures and
PDFs are for people to look at. Exit code 1 where something is cut. The tests need no browser: they measure the HTML.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (390, 1280, 1920)
HEIGHT = 16000
QUIET = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-sync --no-first-run --hide-scrollbars"
# Everything that reaches beyond the window, or beyond a frame that would have to be scrolled sideways; the heads of tables that a
# phone shows as lists are there for screen readers only. A window cannot be as narrow as a phone, a frame can.
MEASURE = """<script>
const scrolled = [...document.querySelectorAll('html, .table-frame, pre')].filter(e => e.scrollWidth > e.clientWidth + 1);
const beyond = [...document.querySelectorAll('main *:not(thead, thead *)')].filter(
  e => e.getBoundingClientRect().right > innerWidth + 1);
const cut = [...scrolled, ...beyond].map(e => (e.getAttribute('aria-label') || e.tagName + ' ' + e.textContent).slice(0, 60));
parent.postMessage(JSON.stringify({width: innerWidth, cut}), '*');
</script>"""
FRAME = """<!doctype html><body><iframe src="measured.html" style="width: {width}px; height: 900px; border: 0"></iframe><script>
addEventListener('message', e => {{ document.body.innerHTML = '<pre id="measured"></pre>';
document.getElementById('measured').textContent = e.data; }});
</script></body>"""


def look_at(browser: str, page: Path, out: Path) -> list[str]:
    """What is cut on a page, in words; writes `out/<page>_<width>.png` and `out/<page>.pdf`."""
    faults = []
    with tempfile.TemporaryDirectory() as work:
        measured, frame = Path(work) / "measured.html", Path(work) / "frame.html"
        measured.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
        name = f"{page.parent.name}_{page.stem}"
        for width in WIDTHS:
            window = f"--window-size={width},{HEIGHT}"
            _browse(browser, work, page, window, f"--screenshot={out / f'{name}_{width}.png'}")
            frame.write_text(FRAME.format(width=width), encoding="utf-8")
            dom = _browse(browser, work, frame, "--window-size=2000,1000", "--virtual-time-budget=20000", "--dump-dom")
            answer = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
            assert answer is not None, f"{browser} did not measure {page}"
            found = json.loads(html.unescape(answer[1]))
            faults += [f"{page.name} at {found['width']} px: {what} is cut" for what in found["cut"]]
            print(f"{page.name} at {found['width']} px: {len(found['cut'])} cut")
        _browse(browser, work, page, "--no-pdf-header-footer", f"--print-to-pdf={out / f'{name}.pdf'}")
    return faults


def _browse(browser: str, work: str, page: Path, *arguments: str) -> str:
    command = [browser, *QUIET.split(), f"--user-data-dir={work}/profile", *arguments, page.resolve().as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/pages"))
    options = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"Looking at pages needs one of {', '.join(BROWSERS)} on the path; none is. Install chromium.")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    faults = [fault for page in options.pages for fault in look_at(browser, page, options.out)]
    print("\n".join(faults) or f"Nothing is cut. Pictures and PDFs to look at: {options.out}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
