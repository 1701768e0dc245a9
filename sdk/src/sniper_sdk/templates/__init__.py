"""``sniper plugins new``: packages that pass their conformance suite, mypy and ruff as they are written."""
