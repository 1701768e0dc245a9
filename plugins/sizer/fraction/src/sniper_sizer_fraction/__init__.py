"""A fraction of the free cash or of the equity."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="fraction",
            summary="A fraction of the free cash or of the equity",
            factory="sniper_sizer_fraction.sizer:Fraction",
        )
    ]
