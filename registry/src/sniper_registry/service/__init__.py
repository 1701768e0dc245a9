"""The marketplace's service and its web catalogue: accounts, uploads, review, ratings, search. See docs/marketplace.md.

It holds no key of any publisher and writes no metadata itself; what it shows of releases is read from the signed
repository and can be filled from it again.
"""
