"""``python -m sniper_signer_keystore``: run a signer by hand, or make key files.

    create --keystore FILE                              a new key
    import-key --keystore FILE                          a key that you have, typed at a prompt
    serve --keystore FILE --socket PATH --rules FILE    sign until SIGTERM

The password comes from a prompt, or with ``--password-fd N`` from an open descriptor.
"""

import argparse
import getpass
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec

from sniper.errors import SniperError
from sniper_signer_keystore import keyfile
from sniper_signer_keystore.errors import StartError
from sniper_signer_keystore.hardening import close_descriptors, die_with_parent, seal
from sniper_signer_keystore.password import MAX_PASSWORD, from_descriptor, from_prompt
from sniper_signer_keystore.process import Process, log
from sniper_signer_keystore.rules import load_rules
from sniper_signer_keystore.secret import SecretBuffer
from sniper_signer_keystore.wire import NotStarted, Start, Started


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        seal()
        match options.command:
            case "serve":
                _serve(options)
            case "create":
                print(keyfile.create(options.keystore, _new_password(options.password_fd)))
            case "import-key":
                password = _new_password(options.password_fd)
                print(keyfile.import_key(options.keystore, password, getpass.getpass("Private key, 64 hex digits: ")))
            case "start":
                return _start(options.start_fd)
    except SniperError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sniper_signer_keystore", description="Keys in a process of their own"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in (
        ("create", "write a key file with a new key"),
        ("import-key", "write a key file with your key"),
    ):
        make = commands.add_parser(name, help=summary)
        make.add_argument("--keystore", type=Path, required=True, help="the file to write; never overwritten")
        make.add_argument("--password-fd", type=int, help="descriptor that holds the password")
    serve = commands.add_parser("serve", help="sign until SIGTERM")
    serve.add_argument("--keystore", type=Path, required=True, action="append", help="key file; may be repeated")
    serve.add_argument("--socket", type=Path, required=True, help="in a directory of mode 0700, which is made")
    serve.add_argument("--rules", type=Path, required=True, help="rules file (TOML)")
    serve.add_argument("--kill-switch", type=Path, help="file with the level; default: kill-switch beside the socket")
    serve.add_argument("--password-fd", type=int, help="descriptor that holds the password")
    start = commands.add_parser("start", help="used by the client, which sends everything over a descriptor")
    start.add_argument("--start-fd", type=int, required=True)
    return parser


def _password(descriptor: int | None) -> SecretBuffer:
    return from_prompt() if descriptor is None else from_descriptor(descriptor)


def _new_password(descriptor: int | None) -> SecretBuffer:
    password = _password(descriptor)
    if descriptor is None and bytes(from_prompt("Again: ").view) != bytes(password.view):
        raise StartError("the two passwords differ; nothing was written")
    return password


def _serve(options: argparse.Namespace) -> None:
    close_descriptors(frozenset() if options.password_fd is None else frozenset({options.password_fd}))
    process = Process(
        keystores=tuple(path.absolute() for path in options.keystore),
        socket_path=options.socket.absolute(),
        kill_switch=(options.kill_switch or options.socket.with_name("kill-switch")).absolute(),
        rules=load_rules(options.rules),
        password=_password(options.password_fd),
    )
    log("serving", addresses=process.vault.addresses, socket=str(options.socket), memory_locked=process.memory)
    process.serve()


def _start(descriptor: int) -> int:
    lifeline = socket.socket(fileno=descriptor)
    try:
        start = msgspec.json.decode(lifeline.recv(2**20), type=Start)
        die_with_parent(start.parent)
        close_descriptors(frozenset({descriptor}))
        # Ctrl-C in a terminal is for whoever started this: it still needs signatures to end well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        password = SecretBuffer(MAX_PASSWORD)
        password.shrink(lifeline.recv_into(password.view))
        process = Process(
            keystores=tuple(Path(path) for path in start.keystores),
            socket_path=Path(start.socket),
            kill_switch=Path(start.kill_switch),
            rules=start.rules,
            password=password,
            lifeline=lifeline,
        )
    except SniperError as error:
        lifeline.send(msgspec.json.encode(NotStarted(error.code, str(error))))
        return 1
    lifeline.send(msgspec.json.encode(Started(process.vault.addresses)))
    log(
        "serving", addresses=process.vault.addresses, socket=start.socket, memory_locked=process.memory, pid=os.getpid()
    )
    process.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
