"""The config file: found and read (`file`), checked (`model`), and joined with the plugins it names (`resolved`)."""
