"""Orders that the kernel carries out with several of the exchange; see docs/orders.md."""
