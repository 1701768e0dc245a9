"""What loses a given part of the equity when the price falls by some average true ranges."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="atr",
            summary="What loses a given part of the equity when the price falls by some average true ranges",
            factory="sniper_sizer_atr.sizer:Atr",
        )
    ]
