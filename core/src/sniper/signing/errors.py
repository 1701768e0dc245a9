"""What can go wrong before anything is signed. No message holds a password, a key or a part of either."""

from sniper.errors import ConfigError, SignerError, SniperError


class KeyFileError(SignerError):
    """A key file cannot be read, is open to others, or is not an encrypted key file."""

    code = "signer-key-file"


class WrongPassword(SignerError):
    """The password does not open the key file."""

    code = "signer-wrong-password"


class RulesError(ConfigError):
    """The signer's rules cannot be used."""

    code = "signer-rules"


class LedgerError(SignerError):
    """What was spent before cannot be read or written, so the limits cannot be kept."""

    code = "signer-ledger"


class StartError(SignerError):
    """The signer's process cannot start or cannot serve."""

    code = "signer-start"


BY_CODE: dict[str, type[SniperError]] = {
    kind.code: kind for kind in (KeyFileError, LedgerError, RulesError, StartError, WrongPassword)
}
"""For what another process says: the same error is raised here."""
