"""Exit codes, for scripts. They never change their meaning.

0    it worked
1    it did not, or a check found something
2    the command line is wrong
3    the config file, or a value in it, cannot be used
4    the journal is damaged, or a verification found another decision
5    the signer refused or cannot be reached
6    a plugin cannot be found, loaded or combined with the others
7    no endpoint of a chain gave a usable answer, or one serves another chain
130  interrupted
"""

from typing import Final

from sniper.errors import ConfigError, DecisionMismatch, JournalError, PluginError, RpcError, SignerError, SniperError

OK: Final = 0
FAILURE: Final = 1
USAGE: Final = 2
CONFIG: Final = 3
JOURNAL: Final = 4
SIGNER: Final = 5
PLUGIN: Final = 6
CHAIN: Final = 7
INTERRUPTED: Final = 130

BY_ERROR: Final[tuple[tuple[type[SniperError], int], ...]] = (
    (ConfigError, CONFIG),
    (JournalError, JOURNAL),
    (DecisionMismatch, JOURNAL),
    (SignerError, SIGNER),
    (PluginError, PLUGIN),
    (RpcError, CHAIN),
)


def of(error: SniperError) -> int:
    """The exit code of an error that ended a command."""
    return next((code for kind, code in BY_ERROR if isinstance(error, kind)), FAILURE)
