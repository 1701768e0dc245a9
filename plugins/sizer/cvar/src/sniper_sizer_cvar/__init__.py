"""The most that keeps the portfolio's expected shortfall within a bound."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="cvar",
            summary="The most that keeps the portfolio's expected shortfall within a bound",
            factory="sniper_sizer_cvar.sizer:Cvar",
        )
    ]
