"""The API of sniper-core as data, and what a plugin's wheel needs of it: docs/compatibility.md.

`reading` turns the source of a core into an `Api`; ``api/`` keeps those of earlier versions; `changes` says which
differences break plugins; `usage` reads what a wheel uses, `check` compares. Nothing of a wheel is ever imported.
"""
