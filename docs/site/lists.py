"""MkDocs hook: lists as code hosts read them.

The pages put what belongs to an item as far in as the item's text, and want no empty lines. Python-Markdown asks for
four columns a level, and for empty lines before a list and between items of several paragraphs.
"""

import re
from typing import Any

FENCE = re.compile(r"`{3,}|~{3,}")
ITEM = re.compile(r"(?:[-*+]|\d+[.)]) +")
STEP = "    "


def on_page_markdown(markdown: str, **_: Any) -> str:  # MkDocs passes what it has
    return widened(markdown)


def widened(markdown: str) -> str:
    """The same text with each level of a list four columns in."""
    lines: list[str] = []
    columns: list[int] = []  # where the text of each item around begins
    fence = ""
    parted = True  # whether there was an empty line since the last item began
    for line in markdown.splitlines():
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if not text:
            lines.append("")
            parted = True
            continue
        if not fence:
            while columns and indent < columns[-1]:
                columns.pop()
            item = ITEM.match(text)
            if item and parted and lines and lines[-1]:
                lines.append("")
        base = columns[-1] if columns else 0
        lines.append(STEP * len(columns) + line[min(base, indent) :])
        if fence:
            fence = "" if text.rstrip() == fence else fence
        elif opened := FENCE.match(text):
            fence = opened[0]
        elif item:
            columns.append(indent + item.end())
            parted = False
        elif not columns:
            parted = True
    return "\n".join(lines) + "\n"
