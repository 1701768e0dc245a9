"""What moves the equity by a given part on a usual day."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="volatility-target",
            summary="What moves the equity by a given part on a usual day",
            factory="sniper_sizer_volatility_target.sizer:VolatilityTarget",
        )
    ]
