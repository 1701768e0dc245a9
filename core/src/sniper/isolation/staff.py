"""All workers of one kernel: started before its first event, ended after its last."""

from collections.abc import Iterator
from typing import Any

from sniper.isolation.asking import Desk
from sniper.isolation.host import START_S, Account
from sniper.kernel.kernel import Kernel
from sniper.kernel.watches import Watch


def hire(kernel: Kernel) -> list[str]:
    """Start the workers of everything in it that needs one, all at once, and wait until they are there. Why some are
    not; those are started again as if they had been lost."""
    desks = [(name, desk) for name, desk in _desks(kernel)]
    return [f"{name}: {desk.worker.reason}" for name, desk in desks if not desk.worker.wait(START_S)]


def dismiss(kernel: Kernel) -> None:
    """End them all."""
    for plugin, _, _ in _far(kernel):
        for desk in plugin.staff():
            if isinstance(desk, Desk):
                desk.worker.close()


def used(kernel: Kernel) -> list[tuple[str, Account]]:
    """What each worker in it has used up, all its processes together, by the name of what it does."""
    return [(name, desk.worker.account()) for plugin, name, _ in _far(kernel) for desk in plugin.staff()]


def _desks(kernel: Kernel) -> Iterator[tuple[str, Desk]]:
    yield from [(name, plugin.hire(what)) for plugin, name, what in _far(kernel)]


def _far(kernel: Kernel) -> Iterator[tuple[Any, str, Any]]:
    """Plugin objects that have a worker (of AMMs, classes), with their name and for what it is hired: an account, or a
    config. Any: their contract is that of their kind."""
    for amm in {id(amm): amm for chain in kernel.wiring.chains for amm in chain.amms}.values():
        if amm.amm.alone and hasattr(amm.amm, "hire"):
            yield amm.amm, f"amm {amm.name}", amm.config
    for account in kernel.accounts.values():
        for instance in account.instances.values():
            if hasattr(instance.strategy, "hire"):
                yield instance.strategy, f"strategy {instance.name} of {account.name}", account.name
        for check in account.entries.checks:
            judge = check.check.watch if isinstance(check.check, Watch) else check.check
            if hasattr(judge, "hire"):
                yield judge, f"risk {check.name} of {account.name}", account.name
