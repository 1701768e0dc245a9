"""The orders, fills and balances of accounts at exchanges; see docs/exchanges.md."""
