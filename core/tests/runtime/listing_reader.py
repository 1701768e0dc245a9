"""What another package declares: the same tag with the fields that it reads, and a strategy for it."""

from sniper.config import Config
from sniper.events import Event
from sniper.strategy import Actions, Strategy, View, on


class Listed(Event, tag="test.listed/1"):
    where: str
    token: str


class Listens(Strategy):
    """``heard``: one line for each listing. ``strange``: how many came in another class than the one declared here."""

    config: Config
    heard: list[str] = []
    strange: int = 0

    @on(Listed)
    def listed(self, event: Listed, view: View) -> Actions:
        self.heard.append(f"{event.token} at {event.where}, {event.time}")
        self.strange += type(event) is not Listed
        yield from ()
