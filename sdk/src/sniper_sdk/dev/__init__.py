"""``sniper dev``: re-runs a plugin on a replay whenever its files change, and tells which decisions changed.

`replayed` plays the replay, in a process of its own that sees the files as they are now; `differing` compares two
lists of decisions; `command` watches.
"""
