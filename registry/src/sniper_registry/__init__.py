"""The plugin marketplace: install, search and publish. Nothing of it is built yet."""
