"""Ask a worker what an environment offers."""

from sniper.environments.environment import Environment, Offered
from sniper.errors import IsolationError


def described(environment: Environment) -> tuple[Offered, ...]:
    """What the hooks of its modules gave, in a worker. Raises `IsolationError` where no worker can be had."""
    raise IsolationError(f"{environment} cannot be read: workers that read plugins are not there yet")
