"""The same amount for each entry."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="fixed",
            summary="The same amount for each entry",
            factory="sniper_sizer_fixed.sizer:Fixed",
        )
    ]
