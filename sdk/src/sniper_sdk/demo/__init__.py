"""The demo: real launches on a real node, sniped by the real bot, and the books held against the chain."""
