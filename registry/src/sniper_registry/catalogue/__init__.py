"""The web catalogue: what the signed repository says of plugins, filled into tables, searched and shown as pages."""
