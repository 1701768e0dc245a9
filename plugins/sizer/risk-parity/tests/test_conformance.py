from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_risk_parity.sizer import RiskParity, RiskParityConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-risk-parity"


class TestRiskParity(SizerConformance):
    sizer = RiskParity
    config = RiskParityConfig(instruments=("binance:BTC/USDT", "binance:ETH/USDT"))
    listed = (instrument(), instrument("binance:ETH/USDT"))
