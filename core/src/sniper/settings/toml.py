"""Plain data as TOML writes it; the standard library only reads TOML."""

import json
from typing import Any


def inline(value: Any) -> str:
    """One value on one line: text, number, truth value, list or inline table. Any: plain data without None."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(inner)}" for key, inner in value.items() if inner is not None) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(each) for each in value) + "]"
    # JSON's escapes are TOML's, too; but TOML wants U+007F escaped, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
