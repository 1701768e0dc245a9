"""The most that moves the price by no more than a bound."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="impact",
            summary="The most that moves the price by no more than a bound",
            factory="sniper_sizer_impact.sizer:Impact",
        )
    ]
