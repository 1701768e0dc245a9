"""The books of an account beside what its chain says, and why they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, NodeError, Request
from sniper.kernel.book import Book
from sniper.runtime.stage import BALANCE_OF
from sniper.types import NATIVE, asset_id, split_asset

UNREADABLE = "its contract does not tell a balance"


@dataclass(frozen=True)
class Compared:
    """``what``: an asset id, or ``nonce``. ``books``, ``chain``: base units; None: the chain does not tell.
    ``because``: what explains a difference; ``explained``: whether that is all of it."""

    what: str
    books: int
    chain: int | None
    because: str = ""
    explained: bool = True

    @property
    def differs(self) -> bool:
        return self.books != self.chain


@dataclass(frozen=True)
class UnderWay:
    """A transaction whose end is in no book. ``found``: ``block 12``, ``pool``, or empty: no node has it. ``moves``:
    ids of the assets of which it can change what is held."""

    attempt: str
    tx_hash: str
    nonce: int
    state: str
    found: str
    moves: tuple[str, ...]


@dataclass(frozen=True)
class Reconciliation:
    """Of one wallet of an account, ``owner``, at ``block``."""

    account: str
    chain_id: int
    owner: str
    block: int
    compared: tuple[Compared, ...]
    under_way: tuple[UnderWay, ...]

    @property
    def unexplained(self) -> list[Compared]:
        return [each for each in self.compared if each.differs and not each.explained]


async def reconcile(endpoints: Endpoints, book: Book, owner: str, quote: str) -> Reconciliation:
    """Compare a wallet; nothing is changed. ``quote``: address of what the account pays with. Raises `RpcError`."""
    chain_id = endpoints.chain_id
    block = _number(await endpoints.call("eth_blockNumber"))
    here = {token: each for token, each in book.positions.items() if each.wallet == book.whose(owner)}
    held = [split_asset(token)[1] for token in sorted(here) if here[token].chain_id == chain_id]
    tokens = [*held, *([quote] if quote != NATIVE and quote not in held else [])]
    at = hex(block)
    native, nonce = await endpoints.batch([("eth_getBalance", (owner, at)), ("eth_getTransactionCount", (owner, at))])
    read = await endpoints.read([(each, BALANCE_OF.encode(owner)) for each in tokens], block) if tokens else []
    told = [int.from_bytes(each, "big") if isinstance(each, bytes) and len(each) == 32 else None for each in read]
    under_way = await _under_way(endpoints, book, chain_id, owner)
    mined = [each for each in under_way if each.found.startswith("block")]
    compared = [_nonce(book, chain_id, owner, _number(nonce), under_way)]
    for address, amount in zip((NATIVE, *tokens), (_number(native), *told), strict=True):
        asset = asset_id(chain_id, address)
        position = here.get(asset)
        known = position.amount if position is not None else book.cash_of(asset, owner)
        moving = ", ".join(each.attempt for each in mined if asset in each.moves)
        compared.append(_amount(asset, known, amount, f"not in the books yet: {moving}" if moving else ""))
    return Reconciliation(book.account, chain_id, owner, block, tuple(compared), tuple(under_way))


async def _under_way(endpoints: Endpoints, book: Book, chain_id: int, owner: str) -> list[UnderWay]:
    of = (chain_id, owner)
    waiting = [each for each in book.in_flight() if (each[0].placed.chain_id, each[0].placed.owner) == of]
    asked: list[Request] = [("eth_getTransactionByHash", (attempt.tx_hash,)) for _, attempt in waiting]
    answers = await endpoints.batch(asked) if asked else []
    found = []
    for (order, attempt), answer in zip(waiting, answers, strict=True):
        if isinstance(answer, NodeError):
            raise answer
        where = ""
        if answer is not None:
            number = answer.get("blockNumber")
            where = "pool" if number is None else f"block {int(number, 16)}"
        moves = tuple(dict.fromkeys((asset_id(chain_id, NATIVE), order.placed.quote, order.placed.token)))
        found.append(UnderWay(attempt.id, attempt.tx_hash, attempt.nonce, attempt.state, where, moves))
    return found


def _nonce(book: Book, chain_id: int, owner: str, chain: int, under_way: Sequence[UnderWay]) -> Compared:
    used = book.sender(chain_id, owner).used
    own = {each.nonce for each in under_way if each.found.startswith("block")}
    strange = [nonce for nonce in range(used, chain) if nonce not in own]
    if strange:
        because = (
            f"{len(strange)} transactions (nonces from {strange[0]} on) are in no book: another program uses this key, "
            "or this journal is not the newest of this account"
        )
        return Compared("nonce", used, chain, because, explained=False)
    if chain < used:
        because = "the chain took blocks back, or this node is behind: the bot reads it again by itself"
        return Compared("nonce", used, chain, because, explained=False)
    return Compared("nonce", used, chain, "transactions that are under way" if own else "")


def _amount(asset: str, books: int, chain: int | None, because: str) -> Compared:
    if chain is None:
        return Compared(asset, books, chain, UNREADABLE, explained=False)
    if books == chain:
        return Compared(asset, books, chain)
    if because:
        return Compared(asset, books, chain, because)
    reason = "a deposit, a withdrawal, a rebase or a tax: the bot books it when it reads the wallet again"
    return Compared(asset, books, chain, reason, explained=False)


def _number(answer: object) -> int:
    if isinstance(answer, NodeError):
        raise answer
    try:
        return int(str(answer), 16)
    except ValueError as cause:
        raise RpcError(f"a node gave {answer!r:.80}, which is no number") from cause
