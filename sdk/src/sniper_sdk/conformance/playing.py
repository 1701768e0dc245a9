"""Players drive one instance of a state-bearing plugin through a history; cases are where histories come from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sniper.codec import encode, encode_state, restore_state
from sniper.errors import CodecError
from sniper.plugin import Frozen, State


class Player(ABC):
    """Drives one instance. Pickled, it saves its instance as the kernel does in a snapshot, and restores it from there.

    config  Belongs to the instance, but to no snapshot.
    """

    def __init__(self, instance: State) -> None:
        self.instance = instance

    @abstractmethod
    def step(self, given: Any) -> list[bytes]:
        """Hand over one piece of a history; what the plugin answered, comparable. Any: each kind has its own pieces."""

    def play(self, history: Sequence[Any]) -> list[list[bytes]]:
        """All the answers to a history, piece by piece."""
        return [self.step(given) for given in history]

    def saved(self) -> bytes:
        """The state as a snapshot holds it."""
        try:
            return encode_state(self.instance)
        except CodecError as error:
            raise AssertionError(f"the declared fields are the state, and must have an encoding: {error}") from error

    def restarted(self) -> Self:
        """Another player whose instance was restored from a snapshot of this one's."""
        import copy

        other = copy.copy(self)
        other.__setstate__(copy.deepcopy(self.__getstate__()))
        return other

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "instance"}
        return {**kept, "saved": (type(self.instance), getattr(self.instance, "config", None), self.saved())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        cls, config, saved = state["saved"]
        vars(self).update({name: value for name, value in state.items() if name != "saved"})
        self.instance = restore_state(cls, saved, config=config)


@dataclass(frozen=True)
class Case:
    """A history, and how to make a player at its beginning; ``start`` may be called often."""

    start: Callable[[], Player]
    history: list[Any]


def written(action: Frozen | None, where: str) -> bytes:
    """An action in bytes. Raises `AssertionError` where it has none, such as for a float among its amounts."""
    if action is None:
        return b""
    try:
        return encode(action)
    except CodecError as error:
        raise AssertionError(f"{where} gave {action!r}: {error}; amounts are integers in base units") from error
