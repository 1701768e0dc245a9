"""Ask a worker what an environment offers."""

from sniper.environments.environment import Environment, Offered


def described(environment: Environment) -> tuple[Offered, ...]:
    """What the hooks of its modules gave, in a worker that was granted nothing. Raises `PluginError` for a plugin that
    cannot be imported, and `IsolationError` where no worker can be had."""
    from sniper.isolation.describing import describe
    from sniper.isolation.place import Place

    place = Place(name=environment.distribution, paths=environment.paths)
    offers = describe(place, environment.modules).offered
    return tuple(Offered(type=each.type, spec=each.spec, schema=each.schema, traits=each.traits) for each in offers)
