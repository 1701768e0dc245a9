"""What a package with a feed declares: an event of its own with all its fields."""

from sniper.events import Event


class Listed(Event, tag="test.listed/1"):
    token: str
    where: str
    pairs: tuple[str, ...] = ()
