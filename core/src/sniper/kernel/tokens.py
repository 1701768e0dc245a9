"""What a token is known to be, and which of its logs say that somebody may trade it now or has changed its rules."""

from typing import TYPE_CHECKING

from sniper.evm.abi import event

if TYPE_CHECKING:
    from sniper.kernel.pool import Pool

TRANSFER = event("Transfer(address indexed from, address indexed to, uint256 value)").topic
APPROVAL = event("Approval(address indexed owner, address indexed spender, uint256 value)").topic
ENABLED = {
    event(signature).topic: signature.partition("(")[0]
    for signature in (
        "TradingEnabled()",
        "TradingEnabled(uint256 time)",
        "TradingOpened()",
        "TradingStarted()",
        "Launched()",
    )
}
OWNER_ACTS = {
    event(signature).topic: signature.partition("(")[0]
    for signature in (
        "OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
        "TaxChanged(uint256 tax)",
        "TaxUpdated(uint256 tax)",
        "FeesUpdated(uint256 buy, uint256 sell)",
        "Paused(address account)",
        "Blacklisted(address indexed account)",
        "Upgraded(address indexed implementation)",
        "Mint(address indexed to, uint256 amount)",
    )
}
TOKEN_TOPICS = tuple(ENABLED) + tuple(OWNER_ACTS)
"""First topics of token logs that are worth watching wherever they come from."""


class Token:
    """What is known of one token on its chain, apart from what each account measured. ``asked_of``: the transaction
    that created its pool, while the token was asked and has not described itself."""

    __slots__ = ("asked_of", "decimals", "deployer", "pools", "symbol")

    def __init__(self) -> None:
        self.symbol = ""
        self.decimals = 18
        self.deployer = ""
        self.asked_of = ""
        self.pools: tuple[Pool, ...] = ()
