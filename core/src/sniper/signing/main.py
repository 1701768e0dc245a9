"""The program of a signer's process: ``python -m PACKAGE serve …`` by hand, ``start`` by a client.

What a kind's ``__main__`` calls with its `KeySource`. A secret comes from a prompt, or with ``--password-fd N`` from an
open descriptor.
"""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec

from sniper.errors import SniperError
from sniper.signing.errors import StartError
from sniper.signing.hardening import close_descriptors, die_with_parent, seal
from sniper.signing.password import MAX_PASSWORD, from_descriptor, from_prompt
from sniper.signing.process import Process, log
from sniper.signing.rules import load_rules, read_rules
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource
from sniper.signing.wire import NotStarted, Start, Started


def main(package: str, source: type[KeySource], arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with one line on stderr. ``package``: the kind's, which ``python -m`` runs."""
    options = _parser(package, source).parse_args(arguments)
    try:
        seal()
        if options.command == "start":
            return _start(source, options.start_fd)
        _serve(source, options)
    except SniperError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser(package: str, source: type[KeySource]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description="Keys in a process of their own")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="sign until SIGTERM")
    source.arguments(serve)
    serve.add_argument("--socket", type=Path, required=True, help="in a directory of mode 0700, which is made")
    serve.add_argument("--rules", type=Path, required=True, help="rules file (TOML)")
    serve.add_argument("--operator", default="", help="address whose signature the rules need")
    serve.add_argument("--kill-switch", type=Path, help="file with the level; default: kill-switch beside the socket")
    if source.secret:
        serve.add_argument("--password-fd", type=int, help="descriptor that holds the password")
    start = commands.add_parser("start", help="used by the client, which sends everything over a descriptor")
    start.add_argument("--start-fd", type=int, required=True)
    return parser


def _secret(source: type[KeySource], descriptor: int | None) -> SecretBuffer:
    if not source.secret:
        return SecretBuffer(0)
    return from_prompt(f"{source.secret}: ") if descriptor is None else from_descriptor(descriptor)


def _serve(source: type[KeySource], options: argparse.Namespace) -> None:
    given = vars(options)
    descriptor = given.get("password_fd")
    close_descriptors(frozenset() if descriptor is None else frozenset({descriptor}))
    process = Process(
        source=msgspec.convert({name: given[name] for name in source.__struct_fields__}, source),
        socket_path=options.socket.absolute(),
        kill_switch=(options.kill_switch or options.socket.with_name("kill-switch")).absolute(),
        rules=read_rules(options.rules) if options.operator else load_rules(options.rules),
        operator=options.operator.lower(),
        secret=_secret(source, descriptor),
    )
    log("serving", addresses=process.keyring.addresses, socket=str(options.socket), memory_locked=process.memory)
    process.serve()


def _start(source: type[KeySource], descriptor: int) -> int:
    lifeline = socket.socket(fileno=descriptor)
    try:
        start = msgspec.json.decode(lifeline.recv(2**20), type=Start)
        die_with_parent(start.parent)
        close_descriptors(frozenset({descriptor}))
        # Ctrl-C in a terminal is for whoever started this: it still needs signatures to end well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        secret = SecretBuffer(MAX_PASSWORD if source.secret else 0)
        if source.secret:
            secret.shrink(lifeline.recv_into(secret.view))
        process = Process(
            source=_converted(start, source),
            socket_path=Path(start.socket),
            kill_switch=Path(start.kill_switch),
            rules=start.rules.encode() if isinstance(start.rules, str) else start.rules,
            operator=start.operator,
            secret=secret,
            lifeline=lifeline,
        )
    except SniperError as error:
        lifeline.send(msgspec.json.encode(NotStarted(error.code, str(error))))
        return 1
    lifeline.send(msgspec.json.encode(Started(process.keyring.addresses)))
    log(
        "serving",
        addresses=process.keyring.addresses,
        socket=start.socket,
        memory_locked=process.memory,
        pid=os.getpid(),
    )
    process.serve()
    return 0


def _converted(start: Start, source: type[KeySource]) -> KeySource:
    try:
        return msgspec.convert(start.source, source)
    except msgspec.ValidationError as error:
        raise StartError(f"the signer's process was told what it does not know: {error}; install one version") from None
