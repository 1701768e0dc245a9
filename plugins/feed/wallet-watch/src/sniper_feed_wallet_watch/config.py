"""The config section of wallet-watch."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sniper.config import Config

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]


def _address(text: str) -> str:
    if not re.fullmatch("0x[0-9a-fA-F]{40}", text):
        raise ValueError("is no address; write 0x and 40 hexadecimal digits")
    return text.lower()


Address = Annotated[str, AfterValidator(_address)]


class Wallet(Config):
    addresses: tuple[Address, ...] = Field(
        min_length=1, max_length=100, description="its addresses, the same on each chain of the run"
    )
    strength_bps: int = Field(10_000, ge=0, le=10_000, description="how sure it is of what it does")
    lives_s: int = Field(0, ge=0, description="seconds for which a deed means something; 0: as [signals] says")


class WalletWatchConfig(Config):
    wallets: dict[Name, Wallet] = Field(min_length=1, max_length=100, description="whom to watch, by name")
    swaps: bool = Field(True, description="whether to tell what they buy and sell")
    transfers: bool = Field(
        True, description="whether to tell what they send and receive; anyone can send them anything"
    )
    money: tuple[Address, ...] = Field(
        (), description="tokens that are paid with, such as wrapped ether: no signal is about them"
    )
    confirmations: int = Field(0, ge=0, le=1_000, description="blocks that must follow one before it is looked at")
    poll_s: float = Field(0.5, gt=0, le=60, description="seconds between two looks whether there is a new block")
    range_blocks: int = Field(50, ge=1, le=2_000, description="most blocks that are asked for at once")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [each for wallet in self.wallets.values() for each in wallet.addresses]
        if twice := next((each for each in named if named.count(each) > 1), ""):
            raise ValueError(f"address {twice} is named twice; it can be of one wallet only")
        if not self.swaps and not self.transfers:
            raise ValueError("neither swaps nor transfers are told; leave the feed out, or set one of them")
        return self
