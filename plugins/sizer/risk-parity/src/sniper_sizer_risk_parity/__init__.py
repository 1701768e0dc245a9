"""Brings each instrument to an equal part of the portfolio's risk."""

from sniper import SizerSpec, hookimpl


@hookimpl
def sniper_sizers() -> list[SizerSpec]:
    return [
        SizerSpec(
            name="risk-parity",
            summary="Brings each instrument to an equal part of the portfolio's risk",
            factory="sniper_sizer_risk_parity.sizer:RiskParity",
        )
    ]
