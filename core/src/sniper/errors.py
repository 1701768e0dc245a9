"""Every error that sniper raises on purpose.

Each subclasses `SniperError` and the builtin that a caller would expect, carries a stable ``code`` that scripts may
match, and says what was wrong, with which value, and what to do. Secrets never stand in a message.
"""

from typing import ClassVar


def told(error: BaseException) -> str:
    """An error in text that can be put on record: its class, and what it says."""
    return f"{type(error).__name__}: {said(error)}"


def said(error: BaseException) -> str:
    """What an error says. It raises nothing itself: plugins raise whatever they like, and what they say may hold half a
    character."""
    try:
        return writable(str(error))
    except Exception as second:
        return f"which does not say why ({type(second).__name__})"


def writable(text: str) -> str:
    """Text without the half characters that nothing can encode."""
    return text.encode(errors="replace").decode()


class SniperError(Exception):
    """The base of all. ``code`` is stable across versions; the text is not."""

    code: ClassVar[str] = "sniper"


class ConfigError(SniperError, ValueError):
    """The config file, or a value in it, cannot be used."""

    code = "config"


class PluginError(SniperError, ImportError):
    """A plugin cannot be found, loaded or combined with the others."""

    code = "plugin"


class PluginFault(SniperError, RuntimeError):
    """A plugin's own code raised or broke its contract while running."""

    code = "plugin-fault"


class IllegalTransition(SniperError, RuntimeError):
    """A state machine was asked for a step that its state does not allow. Always a defect, never bad luck."""

    code = "illegal-transition"


class PoolUnknown(SniperError, LookupError):
    """Nothing is known of a pool that is needed: it was forgotten, or never read."""

    code = "pool-unknown"


class CodecError(SniperError, ValueError):
    """Bytes are not the canonical encoding of the type that was asked for, or a value has no encoding."""

    code = "codec"


class JournalError(SniperError, OSError):
    """The journal cannot be opened or written."""

    code = "journal"


class JournalCorrupt(JournalError):
    """The journal's bytes are not those that were written; says the segment and the byte position."""

    code = "journal-corrupt"


class DecisionMismatch(SniperError, RuntimeError):
    """A re-run decided otherwise than the journal says."""

    code = "decision-mismatch"


class RpcError(SniperError, ConnectionError):
    """No endpoint of a chain gave a usable answer."""

    code = "rpc"


class WrongChain(RpcError):
    """An endpoint serves another chain than the config says."""

    code = "wrong-chain"


class CallReverted(SniperError, RuntimeError):
    """A contract call reverted; the reason is decoded where the contract gave one."""

    code = "call-reverted"


class ComputeError(SniperError, RuntimeError):
    """What ran in a worker process raised, or took more time or memory than it may."""

    code = "compute"


class SignerError(SniperError, PermissionError):
    """The signer refused, or cannot be reached."""

    code = "signer"


class PermissionDenied(SniperError, PermissionError):
    """A plugin asked for something that its spec's permissions do not grant."""

    code = "permission-denied"


class IsolationError(SniperError, RuntimeError):
    """An untrusted plugin cannot be run in a worker here, or not with what it asks for."""

    code = "isolation"


class DeadlineExceeded(SniperError, TimeoutError):
    """An effect did not answer in time."""

    code = "deadline"
