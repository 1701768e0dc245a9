"""Bronze, silver, gold, platinum: what ``sniper plugins test`` measures of a plugin, and what that makes it.

`rules.toml` says what each level asks for. `session` runs the tests in a process of their own, with coverage and
timing; `measures` turns that, the sources and the papers into numbers; `award` compares them with the rules.
"""
