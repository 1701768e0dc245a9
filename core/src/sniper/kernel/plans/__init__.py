"""Orders that the kernel carries out with several of an exchange, or with swaps in a pool; see docs/orders.md."""
