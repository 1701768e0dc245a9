from sniper_risk_liquidity.check import Liquidity, LiquidityConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-liquidity"


class TestLiquidity(RiskConformance):
    check = Liquidity
    config = LiquidityConfig(min_quote_reserve=10**18)


class TestLiquidityOfAnAge(RiskConformance):
    check = Liquidity
    config = LiquidityConfig(min_quote_reserve=1, min_age_blocks=2, max_age_blocks=1000)
