"""The signer as the runtime sees it: it holds no key and, once open, no password."""

import asyncio
import os
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field

from sniper.config import Config
from sniper.errors import CodecError, SignerError
from sniper.evm.transaction import transaction
from sniper.signer import (
    KillLevel,
    Signed,
    Signer,
    SignerRefused,
    SignerUnreachable,
    SignRequest,
    TypedRequest,
    TypedSigned,
)
from sniper.signing.child import Child, start_child
from sniper.signing.errors import RulesError, StartError
from sniper.signing.link import Link
from sniper.signing.password import PasswordSource, from_descriptor
from sniper.signing.rules import Rules, load_rules, parse_rules, read_rules
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource
from sniper.signing.terminal import from_terminal
from sniper.signing.wire import (
    MAX_PACKET,
    AddressesAnswer,
    AddressesAsk,
    Answer,
    DoneAnswer,
    FailedAnswer,
    LevelAsk,
    RefusedAnswer,
    SignAsk,
    SignedAnswer,
    Start,
    TypedAnswer,
    TypedAsk,
)

_ROOM = 1024
"""Bytes of a packet that are not payload."""


class ProcessConfig(Config):
    """What the config of every kind begins with."""

    socket: Annotated[
        Path,
        Field(
            description="Where the signer listens, in a directory of mode 0700.",
            examples=["/run/user/1000/sniper/socket"],
        ),
    ]
    rules: Annotated[
        Path | dict[str, Any] | None,
        Field(
            description="What may be signed: a TOML file, or the same as a table. Without it the operator runs the"
            " signer; only connect to it."
        ),
    ] = None
    operator: Annotated[
        str,
        Field(
            pattern="^(0x[0-9a-fA-F]{40})?$",
            description="Address whose signature the rules file needs, at the start and whenever it changes."
            ' "": nobody signs, and nothing changes while the process runs.',
        ),
    ] = ""
    kill_switch: Annotated[
        Path | None,
        Field(
            description="File with the kill switch's level: kill-switch in data_dir, so that one command stops both."
            " Default: kill-switch beside the socket."
        ),
    ] = None
    start_timeout: Annotated[float, Field(gt=0, description="Seconds for starting and unlocking.")] = 60.0


class ProcessSigner(Signer):
    """Starts the signer's process, or finds one that the operator started, and asks it.

    A lost connection fails what was under way with `SignerUnreachable`; the next request connects, or starts, anew.

    package  The kind's, whose ``__main__`` is the process.
    """

    package: ClassVar[str]

    def __init__(
        self,
        config: ProcessConfig,
        source: KeySource | None,
        *,
        password: PasswordSource | None = None,
        password_fd: int | None = None,
    ) -> None:
        """``source``: what to start the process with; None: the operator runs it. ``password``: gives it each time that
        the process is started; None: ``password_fd``, or a prompt."""
        self._config = config
        self._source = source
        self._given = password
        self._password_fd = password_fd
        self._read = False
        self._link: Link | None = None
        self._child: Child | None = None
        self._opening = asyncio.Lock()
        self._connecting: asyncio.Task[Link] | None = None
        self._wanted = False
        self._level = KillLevel.OFF

    @property
    def pid(self) -> int | None:
        """Process id of the signer while connected."""
        return self._link.peer.pid if self._link is not None and self._link.lost is None else None

    async def open(self) -> None:
        self._wanted = True
        await self._connected()

    async def addresses(self) -> tuple[str, ...]:
        link = await self._connected()
        answer = await link.ask(AddressesAsk(link.number()))
        if isinstance(answer, AddressesAnswer):
            return answer.addresses
        raise _error(answer)

    def sign(self, request: SignRequest) -> Coroutine[None, None, Signed]:
        """As `Signer.sign`. While connected the request is on its way when this returns."""
        link = self._link
        if link is None or link.lost is not None:
            return self._signed(request, None)
        try:
            return self._signed(request, link.ask(_ask(link, request)))
        except SignerRefused:  # told where it is awaited
            return self._signed(request, None)

    async def _signed(self, request: SignRequest, asked: Awaitable[Answer] | None) -> Signed:
        if asked is None:
            link = await self._connected()
            asked = link.ask(_ask(link, request))
        answer = await asked
        if isinstance(answer, SignedAnswer):
            return Signed(raw=answer.raw, tx_hash=answer.tx_hash)
        raise _error(answer)

    async def sign_typed(self, request: TypedRequest) -> TypedSigned:
        if len(request.data) > MAX_PACKET - _ROOM:
            raise SignerRefused("size", f"{len(request.data)} bytes", f"{MAX_PACKET - _ROOM} bytes", "sign less")
        link = await self._connected()
        ask = TypedAsk(link.number(), request.account, request.sender, request.purpose, request.data, request.fence)
        answer = await link.ask(ask)
        if isinstance(answer, TypedAnswer):
            return TypedSigned(signature=answer.signature, digest=f"0x{answer.digest.hex()}")
        raise _error(answer)

    async def level(self, level: KillLevel) -> None:
        # Remembered first: a signer that cannot be reached now learns it before its next request.
        self._level = level
        link = await self._connected()
        await _set_level(link, level)

    async def close(self) -> None:
        self._wanted = False
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        async with self._opening:
            await self._let_go("it was closed")

    async def _connected(self) -> Link:
        if self._link is not None and self._link.lost is None:
            return self._link
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
        connecting = self._connecting
        try:
            # Shielded: one request's deadline must not take back a prompt, or end a start, that the next one needs.
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            if connecting.cancelled() and not self._wanted:
                raise SignerUnreachable("the signer was closed before it was ready") from None
            raise

    async def _connect(self) -> Link:
        async with self._opening:
            if self._link is not None and self._link.lost is None:
                return self._link
            if not self._wanted:
                raise SignerUnreachable("the signer is not open; call open first")
            await self._let_go("the connection was lost")
            if self._source is not None:
                self._child = await self._start(self._source)
            try:
                link = Link(self._config.socket.absolute())
            except SignerUnreachable:
                await self._let_go("it does not listen")
                raise
            self._link = link
            if link.peer.uid != os.geteuid() or (self._child is not None and link.peer.pid != self._child.pid):
                await self._let_go("it is another process")
                raise SignerUnreachable(
                    f"{self._config.socket} belongs to process {link.peer.pid} of user {link.peer.uid}, which is not"
                    " the signer; find out who put it there"
                )
            if self._level is not KillLevel.OFF:
                await _set_level(link, self._level)
            return link

    async def _start(self, source: KeySource) -> Child:
        config = self._config
        rules: Rules | str
        if isinstance(config.rules, Path):
            rules = _signed_text(config.rules) if config.operator else load_rules(config.rules)
        else:
            rules = parse_rules(config.rules or {}, "of the config")
        start = Start(
            source=msgspec.to_builtins(source),
            socket=str(config.socket.absolute()),
            kill_switch=str((config.kill_switch or config.socket.with_name("kill-switch")).expanduser().absolute()),
            rules=rules,
            operator=config.operator.lower(),
            parent=os.getpid(),
        )
        return await start_child(self.package, start, await self._password(source), config.start_timeout)

    async def _password(self, source: KeySource) -> SecretBuffer:
        descriptor = self._password_fd
        if not source.secret:
            return SecretBuffer(0)
        if self._given is not None:
            return self._given()
        if descriptor is None:
            return await from_terminal(f"{source.secret}: ")
        if self._read:  # it was closed then, and the number may be that of something else by now
            raise StartError(
                f"descriptor {descriptor} gives the password only once, and it was read before; start sniper again, or"
                " let the operator start the signer"
            )
        self._read = True
        return from_descriptor(descriptor)

    async def _let_go(self, reason: str) -> None:
        if self._link is not None:
            self._link.close(reason)
            self._link = None
        if self._child is not None:
            child, self._child = self._child, None
            await child.close(self._config.start_timeout)


def _signed_text(path: Path) -> str:
    try:
        return read_rules(path).decode()
    except UnicodeDecodeError:
        raise RulesError(f"the rules {path} are not UTF-8; sign a rules file") from None


def _ask(link: Link, request: SignRequest) -> SignAsk:
    return SignAsk(link.number(), request.account, request.sender, request.purpose, _payload(request), request.fence)


def _payload(request: SignRequest) -> bytes:
    try:
        payload = transaction(
            legacy=request.legacy,
            chain_id=request.chain_id,
            nonce=request.nonce,
            max_priority_fee=request.max_priority_fee,
            max_fee=request.max_fee,
            gas=request.gas,
            to=request.to,
            value=request.value,
            data=request.data,
        ).payload()
    except CodecError as error:
        raise SignerRefused("encoding", str(error), "a transaction", "correct the request") from error
    if len(payload) > MAX_PACKET - _ROOM:
        raise SignerRefused(
            "size", f"{len(payload)} bytes", f"{MAX_PACKET - _ROOM} bytes", "split it; nodes take at most 128 KiB"
        )
    return payload


async def _set_level(link: Link, level: KillLevel) -> None:
    answer = await link.ask(LevelAsk(link.number(), level))
    if not isinstance(answer, DoneAnswer):
        raise _error(answer)


def _error(answer: Answer) -> SignerError:
    match answer:
        case RefusedAnswer(rule=rule, value=value, limit=limit, remedy=remedy):
            return SignerRefused(rule, value, limit, remedy)
        case FailedAnswer(message=message):
            return SignerError(message)
        case _:
            return SignerError(
                f"the signer answered with {type(answer).__name__}; its version differs, so start it again"
            )
