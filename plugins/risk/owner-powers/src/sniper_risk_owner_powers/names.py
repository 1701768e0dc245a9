"""Usual signatures of functions: for people who read findings, and to ask a diamond that does not tell what it has.
Nothing is decided by them."""

from functools import cache
from typing import Final

from sniper.evm.keccak import keccak256

SIGNATURES: Final = """
balanceOf(address) allowance(address,address) totalSupply() diamondCut((address,uint8,bytes4[])[],address,bytes)
acceptOwnership() addToBlacklist(address) approve(address,uint256) blacklist(address) blackList(address)
burn(uint256) burn(address,uint256) burnFrom(address,uint256) changeOwner(address) claimOwnership()
decreaseAllowance(address,uint256) destroyBlackFunds(address) enableTrading() excludeFromFee(address)
freeze(address) freezeAccount(address,bool) grantRole(bytes32,address) increaseAllowance(address,uint256)
issue(uint256) kill() lock(address) lock(uint256) manualSend() manualSwap() mint(uint256) mint(address,uint256)
mintToken(address,uint256) multicall(bytes[]) openTrading() pause()
permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
recoverERC20(address,uint256) redeem(uint256) removeLimits() renounceOwnership() renounceRole(bytes32,address)
rescueTokens(address,uint256) sell(uint256) setBots(address[]) setFee(uint256,uint256) setFees(uint256,uint256)
setMaxTxAmount(uint256) setMaxTxPercent(uint256) setMaxWallet(uint256) setOwner(address) setParams(uint256,uint256)
setPrices(uint256,uint256) setTaxes(uint256,uint256) setTradingEnabled(bool) transfer(address,uint256)
transferFrom(address,address,uint256) transferOwnership(address) unfreeze(address) unlock() unpause()
upgradeTo(address) upgradeToAndCall(address,bytes) withdraw() withdraw(uint256) withdrawEther(uint256)
withdrawToken(address,uint256)
"""


@cache
def _known() -> dict[str, str]:
    return {keccak256(signature.encode())[:4].hex(): signature for signature in SIGNATURES.split()}


def usual(selector: str) -> str:
    """The usual signature behind a selector (8 hex digits), or an empty string."""
    return _known().get(selector, "")


def selectors() -> tuple[str, ...]:
    """Of all usual signatures."""
    return tuple(_known())
