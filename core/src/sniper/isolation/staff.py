"""All workers of one kernel: started before its first event, ended after its last."""

from collections.abc import Iterator
from typing import Any

from sniper.isolation.asking import Desk
from sniper.isolation.host import START_S
from sniper.kernel.kernel import Kernel


def hire(kernel: Kernel) -> list[str]:
    """Start the workers of everything in it that needs one, all at once, and wait until they are there. Why some are
    not; those are started again as if they had been lost."""
    desks = [(name, desk) for name, desk in _desks(kernel)]
    return [f"{name}: {desk.worker.reason}" for name, desk in desks if not desk.worker.wait(START_S)]


def dismiss(kernel: Kernel) -> None:
    """End them all."""
    for plugin, _, _ in _far(kernel):
        desk = getattr(plugin, "at", None)
        if isinstance(desk, Desk):
            desk.worker.close()


def _desks(kernel: Kernel) -> Iterator[tuple[str, Desk]]:
    yield from [(name, plugin.hire(account)) for plugin, name, account in _far(kernel)]


def _far(kernel: Kernel) -> Iterator[tuple[Any, str, str]]:
    """Plugin objects that have a worker, with name and account. Any: their contract is that of their kind; what they
    have in common is `sniper.isolation.asking.Far`."""
    for account in kernel.accounts.values():
        for instance in account.instances.values():
            if hasattr(instance.strategy, "hire"):
                yield instance.strategy, f"strategy {instance.name} of {account.name}", account.name
