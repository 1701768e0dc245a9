"""What is on record of the plans of an account."""

from sniper.kernel import facts as f
from sniper.kernel.plans.memory import Memory
from sniper.plugin import State


class Leg(State):
    """A part of a plan that places orders of its own.

    filled   Lots. ``amount``: what its fills did to the position, fees in that asset included, base units, signed.
    price    Of its newest fill, ticks.
    working  Ids of its orders that may still be filled, oldest first.
    tries    How often in a row it was refused; ``retry_at``: when it is tried again, ns UTC.
    """

    filled: int = 0
    amount: int = 0
    price: int = 0
    working: list[str] = []
    tries: int = 0
    retry_at: int = 0


class PlanState(State):
    """A plan that goes on.

    legs      By their names: those that placed something.
    narrowed  Why it does nothing any more but reduce; empty: it does all of it.
    ending    In which state it ends once nothing of it is on its way; empty: it goes on. ``note``: why.
    """

    started: f.PlanStarted
    memory: Memory = Memory()
    legs: dict[str, Leg] = {}
    narrowed: str = ""
    ending: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        return self.started.plan

    def leg(self, name: str) -> Leg:
        """A leg; an untouched one where it has placed nothing yet."""
        return self.legs.get(name) or Leg()

    def filled(self, *legs: str) -> int:
        """Lots that these legs have filled; without names, all of them."""
        return sum(leg.filled for name, leg in self.legs.items() if not legs or name in legs)
