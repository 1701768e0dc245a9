"""Strategy instances: one strategy of one account, and its life."""

from typing import TYPE_CHECKING, Any

from sniper.errors import CodecError, PluginFault, told
from sniper.events import Event
from sniper.kernel import facts as f
from sniper.kernel.given import given
from sniper.kernel.timers import Owner
from sniper.kernel.wiring import StrategyWiring
from sniper.strategy import SetTimer, handlers_of
from sniper.types import Arbitrage, CancelOrder, Close, Open, PlaceOrder, Provide, StartPlan, Withdraw

if TYPE_CHECKING:
    from sniper.kernel.account import Account

LIVES = {
    "start": "active",
    "pause": "paused",
    "drain": "draining",
    "remove": "removed",
}
"""Commands, and the state that each leads to."""


class Instance:
    """Runs a strategy's handlers. Only an ``active`` one may enter; one that raised is ``stopped``, hears nothing."""

    def __init__(self, account: "Account", wiring: StrategyWiring) -> None:
        self.account = account
        self.wiring = wiring
        self.name = wiring.name
        self.owner = Owner(account.name, wiring.name)
        self.strategy = wiring.strategy(config=wiring.config)  # type: ignore[call-arg]  # every strategy declares it
        self.handlers = handlers_of(wiring.strategy)

    @property
    def state(self) -> str:
        """See `sniper.kernel.facts.InstanceMoved`."""
        life = self.account.book.instances.get(self.name)
        return life.state if life else "active"

    def deliver(self, event: Event) -> None:
        """Let the strategy handle an event, and do what it wants done. What it raises stops this instance; positions
        keep their exits. Hot."""
        name = self.handlers.get(type(event))
        if name is None:
            return
        account = self.account
        if account.book.instances and self.state in ("stopped", "removed"):
            return
        acting = False
        try:
            for action in getattr(self.strategy, name)(event, account.view):
                acting = True
                self._act(name, action, event)
                acting = False
        except Exception as error:
            if acting:
                raise  # our own fault
            self.stop(name, error)  # a plugin's code: whatever it raises stops it, and nothing else

    def _act(self, name: str, action: object, event: Event) -> None:
        account = self.account
        try:
            if type(action) is PlaceOrder:
                account.safely(account.trading.form, self, given(action, PlaceOrder))
            elif type(action) is Open:
                if not self.strategy.opens:
                    raise PluginFault(f"{self.name} wants a position opened, but its class says that it opens none")
                account.safely(account.entries.form, self, given(action, Open))
            elif type(action) is Arbitrage:
                account.safely(account.arbitrages.form, self, given(action, Arbitrage))
            elif type(action) is Provide:
                account.safely(account.provisions.form, self, given(action, Provide))
            elif type(action) is Withdraw:
                account.safely(account.ranges.withdraw, given(action, Withdraw), self.name)
            elif type(action) is StartPlan:
                account.safely(account.plans.form, self, given(action, StartPlan))
            elif type(action) is CancelOrder:
                account.safely(account.trading.cancel, self, given(action, CancelOrder))
            elif type(action) is SetTimer:
                account.kernel.timers.set(self.owner, given(action, SetTimer).key, action.at)
            else:
                close = given(action, Close)
                if close.min_out is not None:
                    account.safely(account.sales.once, close, self.name, close.min_out)
                else:
                    account.safely(account.sales.close, close.token, close.reason, close.share_bps, self.name)
        except (PluginFault, CodecError) as error:
            self.stop(name, error)

    def stop(self, name: str, error: Exception) -> None:
        """It raised: it hears nothing more until it is started."""
        account = self.account
        account.kernel.report(f"strategy {self.name} of {account.name} raised in {name}", error)
        account.emit(
            f.InstanceMoved(
                time=account.kernel.now,
                instance=self.name,
                state="stopped",
                reason=told(error),
            )
        )
        account.safely(account.trading.narrow, f"strategy {self.name} has stopped", self.name)

    def command(self, action: str, parameters: str) -> None:
        """A person moves this instance: see `sniper.events.StrategyLife`."""
        account = self.account
        state = self.state
        if action == "configure":
            config = self.configured(parameters)
            self.strategy.config = config  # type: ignore[attr-defined]  # every strategy declares it
        elif state == "stopped" and action in ("pause", "drain"):
            pass  # only a start lets a strategy that raised hear anything again
        elif action in LIVES:
            state = LIVES[action]
            if state == "draining" and not self.holds():
                state = "removed"
        else:
            raise ValueError(
                f"unknown action {action!r} for strategy {self.name}; one of configure, {', '.join(LIVES)}"
            )
        account.emit(f.InstanceMoved(time=account.kernel.now, instance=self.name, state=state, parameters=parameters))
        if state != "active":
            account.safely(account.trading.narrow, f"strategy {self.name} is {state}", self.name)

    def configured(self, parameters: str) -> Any:
        """The config with some keys (JSON) changed. Any: the model that the strategy declares. Raises `ValueError`."""
        import json

        config = self.wiring.config
        current = self.strategy.config if hasattr(self.strategy, "config") else config
        changes = json.loads(parameters)
        if not isinstance(changes, dict):
            raise ValueError(f"parameters must be a JSON object of the keys that change, not {parameters!r}")
        return type(config).model_validate({**current.model_dump(), **changes})

    def holds(self) -> bool:
        """Whether a position, a range or an order of this instance exists."""
        book = self.account.book
        return (
            any(position.instance == self.name for position in book.positions.values())
            or any(held.instance == self.name for held in book.ranges.values() if held.state != "closed")
            or any(order.placed.instance == self.name for order in book.orders.values())
        )
