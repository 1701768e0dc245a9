"""The automated review of an upload: what stands in the wheel, read and never run.

It finds carelessness and plain malice, and shows a person where to look. What is hidden with care it does not find:
that is why untrusted plugins run in workers, and why a person decides. A release that passed it may still be hostile.
"""
