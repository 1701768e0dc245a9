"""A specimen on a dev chain, with its pools: ``token = deploy(chain, "late-blocks")``."""

from dataclasses import dataclass, replace

from sniper.evm.keccak import keccak256
from sniper_sdk.devchain import Account, DevChain, Receipt, calldata
from sniper_sdk.zoo.compiler import contract
from sniper_sdk.zoo.pools import UNLIMITED, Call, Pool, V2Pool, V3Pool, approve
from sniper_sdk.zoo.scenario import Venue
from sniper_sdk.zoo.specimen import Deed, Specimen, specimen

ETHER = 10**18
NOBODY = "0x000000000000000000000000000000000000dEaD"
_WHOLE_TOKENS = 1_000_000
_TRADE_GAS = 5_000_000
_POOLS: dict[Venue, type[V2Pool] | type[V3Pool]] = {Venue.V2: V2Pool, Venue.V3: V3Pool}


@dataclass(frozen=True)
class ZooToken:
    """A deployed specimen. Its owner has put the whole supply into its pools, in equal parts."""

    specimen: Specimen
    chain: DevChain
    address: str
    pools: tuple[Pool, ...]
    owner: Account
    supply: int
    """Base units, at the launch."""
    liquidity: int
    """Wei in each pool, at the launch."""

    def holding(self, address: str) -> int:
        """Base units, as the token says."""
        return self.chain.token_balance(self.address, address)

    def buy(self, buyer: Account, wei: int) -> Receipt:
        """Buy in the first pool for that many wei, at any price; raises `CallReverted`."""
        return self.send(buyer, replace(self.pools[0].buy(buyer.address, wei), gas=_TRADE_GAS))

    def sell(self, seller: Account, amount: int) -> Receipt:
        """Approve, and sell that many base units in the first pool, at any price; raises `CallReverted`."""
        self.send(seller, approve(self.address, self.pools[0].spender))
        return self.send(seller, replace(self.pools[0].sell(seller.address, amount), gas=_TRADE_GAS))

    def spring(self, buyer: str) -> None:
        """Let the owner do all the deeds of the index, to this buyer where they are aimed at one; raises
        `CallReverted`."""
        for deed in self.specimen.deeds:
            self.do(deed, buyer)

    def do(self, deed: Deed, buyer: str = NOBODY) -> None:
        """Let the owner do one deed; raises `CallReverted`."""
        if deed.removes:
            for pool in self.pools:
                for call in pool.remove(self.chain, self.owner.address, deed.removes):
                    self.send(self.owner, call)
            return
        arguments = [self._meant(argument, buyer) for argument in deed.args]
        self.send(self.owner, Call(self._target(deed.at), calldata(deed.call, *arguments)))

    def send(self, who: Account, call: Call) -> Receipt:
        """Carry out one call; raises `CallReverted`."""
        return self.chain.send(who, call.to, call.data, call.value, gas=call.gas)

    def answered(self, view: str) -> str:
        """The address that a view function without arguments returns, lower-case hex."""
        return "0x" + self.chain.call(self.address, calldata(view))[12:32].hex()

    def _target(self, at: str) -> str:
        if not at:
            return self.address
        if at.startswith("0x"):
            return "0x" + str(self.chain.rpc.call("eth_getStorageAt", self.address, at, "latest"))[-40:]
        return self.answered(at)

    def _meant(self, argument: object, buyer: str) -> object:
        if isinstance(argument, list):
            return [self._meant(one, buyer) for one in argument]
        if isinstance(argument, dict):
            return calldata(argument["call"], *(self._meant(one, buyer) for one in argument["args"]))
        if not isinstance(argument, str):
            return argument
        if argument.startswith("0x"):
            return argument if len(argument) == 42 else bytes.fromhex(argument[2:])
        if argument.startswith("$new:"):
            return self.chain.deploy(contract(argument.removeprefix("$new:")), sender=self.owner)
        meanings: dict[str, object] = {
            "$buyer": buyer,
            "$holding": self.holding(buyer),
            "$owner": self.owner.address,
            "$token": self.address,
            "$pool": self.pools[0].address,
            "$spender": self.pools[0].spender,
            "$weth": self.chain.addresses.weth,
            "$v2_router": self.chain.addresses.v2_router,
            "$supply": self.supply,
            "$most": UNLIMITED,
        }
        return meanings.get(argument, argument)


def deploy(
    chain: DevChain,
    name: str | Specimen,
    *,
    venues: tuple[Venue, ...] = (Venue.V2,),
    liquidity: int = 10 * ETHER,
    owner: Account | None = None,
) -> ZooToken:
    """Deploy a specimen, open its pools (`liquidity` in wei goes into each) and do what its opening says.

    `venues` may be any of the specimen's; of several, a token that is told its pool knows the first. `owner` is an
    account that follows from the name unless given, and gets the ether that it needs. Where nobody has proposed blocks
    until now, somebody does from now on, as on real chains.

    Raises `UnknownSpecimen`, `CallReverted`, and what `contract` raises.
    """
    chosen = name if isinstance(name, Specimen) else specimen(name)
    owner = owner or Account.named(f"zoo owner of {chosen.name}")
    chain.fund(owner.address, 1_000 * ETHER + len(venues) * liquidity)
    if int(chain.rpc.call("eth_coinbase"), 16) == 0:
        chain.rpc.call("anvil_setCoinbase", Account.named("proposer").address)
    supply = _WHOLE_TOKENS * 10**chosen.decimals
    code = contract(chosen.contract)
    title = chosen.name.replace("-", " ").title()[:31]
    address = chain.deploy(code, title, _symbol(chosen.name), supply, *chosen.arguments, sender=owner, gas=12_000_000)
    pools: tuple[Pool, ...] = tuple(_POOLS[venue](address, chain.addresses) for venue in venues)
    token = ZooToken(chosen, chain, address, pools, owner, supply, liquidity)
    share = token.holding(owner.address) // len(pools)
    for pool in pools:
        token.send(owner, pool.create(share, liquidity))
    if any(entry.get("name") == "setPool" for entry in code.abi):
        token.send(owner, Call(address, calldata("setPool(address)", pools[0].address)))
    for pool in pools:
        for call in pool.add(_provider(token), share, liquidity):
            token.send(owner, replace(call, gas=_TRADE_GAS))
    for deed in chosen.opening:
        token.do(deed)
    return token


def _provider(token: ZooToken) -> str:
    """Who gets the liquidity."""
    meanings = {"burned": NOBODY, "owner": token.owner.address, "token": token.address}
    wanted = token.specimen.liquidity
    return meanings[wanted] if wanted in meanings else token.answered(wanted)


def _symbol(name: str) -> str:
    """Three letters of the name and two digits of its hash, so that no two are alike."""
    return name.replace("-", "")[:3].upper() + keccak256(name.encode()).hex()[:2].upper()
