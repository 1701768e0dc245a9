from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_cvar.sizer import Cvar, CvarConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-cvar"


class TestCvar(SizerConformance):
    sizer = Cvar
    config = CvarConfig(max_loss_bps=100, least_bars=20)
    listed = (instrument(), instrument("binance:ETH/USDT"))
