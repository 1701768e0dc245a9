"""What every command knows of how it was called: take it with ``@click.pass_obj``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sniper.settings import file

if TYPE_CHECKING:
    from sniper.catalogue import Catalogue
    from sniper.settings.model import Settings
    from sniper.settings.resolved import Resolved
    from sniper.types import Mode


@dataclass
class Invocation:
    """The options of ``sniper`` itself, and what they lead to. Reads and imports only what a command asks for."""

    config: Path | None = None
    debug: bool = False
    _survey: "Catalogue | None" = field(default=None, repr=False)

    def survey(self) -> "Catalogue":
        """What is installed, with the problems listed instead of raised."""
        from sniper.catalogue import Catalogue

        if self._survey is None:
            self._survey = Catalogue.survey(file.disabled(self._document()))
        return self._survey

    def informed(self) -> tuple[str, ...]:
        """Ask where plugins come from what was revoked, if any are installed from there: before a start. What was
        surveyed before is forgotten. Returns what could not be asked, and why."""
        from sniper.environments.news import ask
        from sniper.environments.shelf import Shelf

        shelf = Shelf()
        if not shelf.names():
            return ()
        troubles = ask(self.survey(), shelf)
        self._survey = None
        return troubles

    def catalogue(self) -> "Catalogue":
        """What is installed. Raises `PluginError` where something is wrong that stops a start."""
        return self.survey().demand_sound()

    def settings(self, *, mode: "Mode | None" = None) -> "Settings":
        """The checked config file; ``mode`` overrides what it says. Raises `ConfigError`, also where there is none."""
        from sniper.settings.load import load

        return load(file.demand(self.config), mode=mode)

    def resolved(self, *, mode: "Mode | None" = None) -> "Resolved":
        """The same joined with the plugins. Raises `ConfigError` and `PluginError`."""
        from sniper.settings.resolver import resolve

        return resolve(self.settings(mode=mode), self.catalogue())

    def _document(self) -> dict[str, Any]:
        found = file.locate(self.config)
        return file.read(found) if found else {}
