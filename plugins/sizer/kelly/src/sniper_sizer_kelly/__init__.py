"""A part of what Kelly's criterion would stake, with a cap."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="kelly",
            summary="A part of what Kelly's criterion would stake, with a cap",
            factory="sniper_sizer_kelly.sizer:Kelly",
        )
    ]
