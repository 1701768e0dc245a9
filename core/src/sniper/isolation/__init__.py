"""Plugins that nobody vouched for, each in a worker: a process of its own that may compute and nothing else.

`sniper.isolation.place` says what one may see, `sniper.isolation.launch` starts it. See docs/security.md.
"""
