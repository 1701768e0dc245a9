"""Plugins that the host never imports: each in an environment of its own on the trader's shelf (docs/plugins.md)."""
