"""The conformance suites of sniper-sdk, held against a release whose code runs in workers alone.

The judge is here, and what is judged is there: nothing of the wheel is imported, and no answer of it is believed to be
an outcome. That leaves out what only somebody within its process could see; each behaviour that is left out says why.
"""
