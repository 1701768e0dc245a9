"""What can be wrong with the database. None of it loses anything: the journal is the record, this is read from it."""

from sniper.errors import JournalError, SniperError


class StoreUnreachable(JournalError):
    """The server does not answer, or ended the connection."""

    code = "store-unreachable"


class StoreUnusable(JournalError):
    """The database refuses what the store needs."""

    code = "store-unusable"


class StoreOutOfStep(JournalError):
    """Records were offered that are not the next ones."""

    code = "store-out-of-step"


class StoreClosed(SniperError, RuntimeError):
    """The store is used before it was opened, or after it was closed."""

    code = "store-closed"


class UnknownModel(SniperError, LookupError):
    """There is no such read model, or no such column in it."""

    code = "store-unknown-model"
