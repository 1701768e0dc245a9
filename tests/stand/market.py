"""What other people do on the chain: launch tokens, and move their prices."""

from dataclasses import dataclass
from itertools import count

from sniper_sdk.devchain import Account, DevChain, calldata, encoded
from sniper_sdk.zoo import V2Pool, approve, contract
from sniper_sdk.zoo.pools import NEVER

ETHER = 10**18
SUPPLY = 10**24
_launches = count()


@dataclass(frozen=True)
class Launch:
    """A token and its Uniswap V2 pool. ``quote``: the other coin's address."""

    token: str
    pool: str
    quote: str
    deployer: Account
    whale: Account

    def asset(self, chain: DevChain) -> str:
        """The token's asset id."""
        return f"{chain.chain_id}:{self.token.lower()}"


class Market:
    """People on a chain that does not mine by itself."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain

    def token(self, kind: str, owner: Account, *values: int) -> str:
        """Deploy a token of the zoo; all of it is its owner's."""
        made = contract(kind)
        arguments = ("Token", "TKN", SUPPLY, *values)
        return self.chain.deploy(made.bytecode + encoded(made.constructor_types, arguments), sender=owner)

    def launch(
        self,
        kind: str = "PlainToken",
        *values: int,
        liquidity: int = 10 * ETHER,
        quote: str | None = None,
        quote_owner: Account | None = None,
    ) -> Launch:
        """A token in one block, its pool with liquidity in the next one; nothing of it is left unmined.

        values  What the token's constructor takes after the supply. ``quote``: the other coin, of which
                ``quote_owner`` gives ``liquidity``; None: wrapped ether.
        """
        found = self.prepared(kind, *values, quote=quote)
        self.offer(found, kind, liquidity=liquidity, quote_owner=quote_owner)
        self.chain.mine()
        return found

    def offer(
        self,
        found: Launch,
        kind: str = "PlainToken",
        *,
        liquidity: int = 10 * ETHER,
        quote_owner: Account | None = None,
    ) -> None:
        """Send what makes the pool of a token and its liquidity with the next block."""
        chain, deployer, addresses = self.chain, found.deployer, self.chain.addresses
        pool_tokens = SUPPLY * 65 // 100
        self._sent(
            deployer, found.token, calldata("transfer(address,uint256)", found.whale.address, SUPPLY * 35 // 100)
        )
        create = calldata("createPair(address,address)", found.token, found.quote)
        chain.submit(deployer, addresses.v2_factory, create)
        if any(entry.get("name") == "setPool" for entry in contract(kind).abi):
            self._sent(deployer, found.token, calldata("setPool(address)", found.pool))
        if found.quote == addresses.weth:
            for call in V2Pool(found.token, addresses).add(deployer.address, pool_tokens, liquidity):
                self._sent(deployer, call.to, call.data, call.value)
        else:
            assert quote_owner is not None
            quote = found.quote
            self._sent(quote_owner, quote, calldata("transfer(address,uint256)", deployer.address, liquidity))
            self._sent(quote_owner, quote, calldata("transfer(address,uint256)", found.whale.address, 100 * liquidity))
            chain.mine()
            for token in (found.token, quote):
                approving = approve(token, addresses.v2_router)
                self._sent(deployer, approving.to, approving.data)
            signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
            adding = calldata(signature, found.token, quote, pool_tokens, liquidity, 0, 0, deployer.address, NEVER)
            self._sent(deployer, addresses.v2_router, adding)

    def prepared(self, kind: str = "PlainToken", *values: int, quote: str | None = None) -> Launch:
        """A token that is deployed and has no pool yet."""
        number = next(_launches)
        deployer, whale = Account.named(f"deployer {number}"), Account.named(f"whale {number}")
        for person in (deployer, whale):
            self.chain.fund(person.address, 10_000 * ETHER)
        token = self.token(kind, deployer, *values)
        other = quote or self.chain.addresses.weth
        return Launch(token, _pair(self.chain, token, other), other, deployer, whale)

    def buy(self, launch: Launch, amount: int) -> None:
        """The whale buys for that much of the other coin with the next block."""
        chain, router = self.chain, self.chain.addresses.v2_router
        if launch.quote == chain.addresses.weth:
            call = V2Pool(launch.token, chain.addresses).buy(launch.whale.address, amount)
            self._sent(launch.whale, call.to, call.data, call.value)
            return
        approving = approve(launch.quote, router)
        self._sent(launch.whale, approving.to, approving.data)
        signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        path = [launch.quote, launch.token]
        self._sent(launch.whale, router, calldata(signature, amount, 0, path, launch.whale.address, NEVER))

    def _sent(self, sender: Account, to: str | None, data: bytes, value: int = 0) -> None:
        self.chain.submit(sender, to, data, value, gas=3_500_000)


def _pair(chain: DevChain, token: str, other: str) -> str:
    class _Contracts:
        """`V2Pool` names the other coin ``weth``."""

        weth = other
        v2_factory = chain.addresses.v2_factory

    return V2Pool(token, _Contracts()).address  # type: ignore[arg-type]  # all that an address follows from
