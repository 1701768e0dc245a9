"""Commands of the marketplace's service, and of those who use it."""
