"""Which distributions ``pytest --sniper-plugin`` named, for the file that pytest then collects."""

distributions: list[str] = []
