"""Ask every index which releases may not run any more, and keep the answers."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sniper.environments.revocations import learn
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError, said
from sniper.index import Index, RegistryError, Revocation
from sniper.types import SECOND

if TYPE_CHECKING:
    from sniper.catalogue import Catalogue


def indexes(catalogue: "Catalogue") -> dict[str, Index]:
    """An instance of every index that is installed, by name. Raises `PluginError`."""
    return {spec.name: catalogue.load(spec)() for spec in catalogue.specs("index")}


def ask(catalogue: "Catalogue", shelf: Shelf) -> tuple[str, ...]:
    """What could not be asked or kept, and why: then what was known before, and what was heard, counts."""
    revoked: list[Revocation] = []
    troubles: list[str] = []
    for name, index in _each(catalogue, troubles):
        try:
            revoked += index.revoked()
        except RegistryError as error:
            revoked += error.known
            troubles.append(f"{name} does not tell what was revoked ({error})")
        except Exception as error:  # a fault of an index must not keep a run from leaving what is held
            troubles.append(f"{name} does not tell what was revoked ({type(error).__name__}: {said(error)})")
    try:
        kept = learn(shelf.directory, revoked, None if troubles else time.time_ns())
    except PluginError as error:
        return (*troubles, str(error))
    answered = datetime.fromtimestamp(kept.asked_at / SECOND, UTC)
    when = f"{answered:%Y-%m-%d %H:%M} UTC" if kept.asked_at else "never"
    return tuple(f"{each}; what is known is as of: {when}" for each in troubles)


def _each(catalogue: "Catalogue", troubles: list[str]) -> list[tuple[str, Index]]:
    try:
        return list(indexes(catalogue).items())
    except PluginError as error:
        troubles.append(str(error))
        return []
