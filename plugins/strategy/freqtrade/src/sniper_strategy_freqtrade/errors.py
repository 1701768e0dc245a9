"""What goes wrong with a freqtrade strategy."""

from sniper.errors import ConfigError


class BadStrategy(ConfigError):
    """A strategy file that cannot be run: it does not load, is of an old interface, or uses what is not there."""

    code = "freqtrade-strategy"
