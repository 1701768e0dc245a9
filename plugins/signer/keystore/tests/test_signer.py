"""The real process behind a real socket."""

import asyncio
import contextlib
import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account

from sniper.evm.transaction import LegacyTransaction, decode_signed, recover_sender, transaction_hash
from sniper.signer import KillLevel, Signed, SignerRefused, SignerUnreachable, TypedRequest
from sniper.signing.errors import KeyFileError, StartError, WrongPassword
from sniper.signing.password import of_text
from sniper.signing.rulebook import signed
from sniper.signing.typed import document
from sniper.signing.unlock import unlock
from sniper_signer_keystore.client import KeystoreConfig, KeystoreSigner

World = Any
"""The class of conftest, which tests cannot import."""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def toml(value: Any) -> str:
    """A value in TOML: JSON's strings, numbers and lists are TOML's already, tables stand in braces."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def by_eth_account(world: World, request: Any) -> str:
    transaction = {
        "type": 2,
        "chainId": request.chain_id,
        "nonce": request.nonce,
        "maxPriorityFeePerGas": request.max_priority_fee,
        "maxFeePerGas": request.max_fee,
        "gas": request.gas,
        "to": bytes.fromhex(request.to[2:]),
        "value": request.value,
        "data": request.data,
    }
    return bytes(Account.sign_transaction(transaction, world.key).raw_transaction).hex()


async def test_the_bytes_are_those_of_eth_account(signer: KeystoreSigner, world: World) -> None:
    for request in (world.entry(), world.exit(nonce=7), world.approve(nonce=300), world.cancel(nonce=2**32)):
        signed = await signer.sign(request)
        assert signed.raw.hex() == by_eth_account(world, request)
        assert signed.tx_hash == transaction_hash(signed.raw)
        assert recover_sender(signed.raw) == world.sender


async def test_equal_requests_give_equal_bytes_before_and_after_a_restart(signer: KeystoreSigner, world: World) -> None:
    first = await signer.sign(world.entry())
    assert await signer.sign(world.entry()) == first
    await signer.close()
    await signer.open()
    assert await signer.sign(world.entry()) == first


async def test_it_says_which_addresses_it_has(signer: KeystoreSigner, world: World) -> None:
    assert await signer.addresses() == (world.sender,)


async def test_many_requests_at_once_get_each_its_own_answer(signer: KeystoreSigner, world: World) -> None:
    """More than the socket's buffers take, with refusals in between, and some whose askers gave up."""
    big = world.buy_data() + bytes(50_000)
    requests = [world.entry(nonce=n, value=0, data=big, gas=(n % 7 and 200_000) or 10**8) for n in range(120)]
    tasks = [asyncio.ensure_future(signer.sign(request)) for request in requests]
    await asyncio.sleep(0)
    for task in tasks[5::10]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for number, result in enumerate(results):
        if number % 10 == 5:
            assert isinstance(result, asyncio.CancelledError)
        elif number % 7 == 0:
            assert isinstance(result, SignerRefused)
        else:
            assert isinstance(result, Signed)
            assert decode_signed(result.raw)[0].nonce == number


async def test_a_refusal_says_rule_value_limit_and_remedy(signer: KeystoreSigner, world: World) -> None:
    with pytest.raises(SignerRefused) as caught:
        await signer.sign(world.entry(value=2 * world.ether))
    assert (caught.value.rule, caught.value.value) == ("max-value", f"{2 * world.ether} wei")
    assert str(world.ether) in caught.value.limit
    assert "chains.31337.max_value" in caught.value.remedy
    assert all(part in str(caught.value) for part in ("max-value", caught.value.value, caught.value.limit))


@pytest.mark.parametrize("field", [{"value": 2**256}, {"nonce": -1}, {"to": ""}, {"to": "0x12"}, {"gas": 2**64}])
async def test_what_cannot_be_encoded_is_refused(signer: KeystoreSigner, world: World, field: dict[str, Any]) -> None:
    with pytest.raises(SignerRefused, match="encoding"):
        await signer.sign(world.entry(**field))


async def test_what_no_node_takes_is_refused(signer: KeystoreSigner, world: World) -> None:
    with pytest.raises(SignerRefused, match="size"):
        await signer.sign(world.entry(data=bytes(200_000)))
    largest = world.buy_data() + bytes(128 * 1024)
    assert isinstance(await signer.sign(world.entry(data=largest)), Signed)


async def test_a_sender_without_a_key_is_refused(signer: KeystoreSigner, world: World) -> None:
    with pytest.raises(SignerRefused, match="key"):
        await signer.sign(world.entry(sender=world.stranger))


# ---- limits and kill switch -----------------------------------------------------------------------


async def test_the_limits_outlive_the_process(signer: KeystoreSigner, world: World) -> None:
    for nonce in range(5):
        await signer.sign(world.entry(nonce=nonce, value=world.ether))
    assert signer.pid is not None
    os.kill(signer.pid, signal.SIGKILL)
    with contextlib.suppress(SignerUnreachable):
        await signer.addresses()
    with pytest.raises(SignerRefused, match="max-value-per-hour"):
        await signer.sign(world.entry(nonce=5, value=1))
    await signer.sign(world.exit(nonce=5))


async def test_the_kill_switch_s_file_works_beside_the_socket(signer: KeystoreSigner, world: World, run: Path) -> None:
    (run / "kill-switch").write_text("no-entries\n")
    with pytest.raises(SignerRefused, match="kill-switch"):
        await signer.sign(world.entry())
    await signer.sign(world.exit())
    (run / "kill-switch").write_text("freeze\n")
    with pytest.raises(SignerRefused, match="kill-switch"):
        await signer.sign(world.exit())
    await signer.sign(world.cancel())
    (run / "kill-switch").unlink()
    await signer.sign(world.entry())


async def test_the_stricter_of_file_and_command_holds(signer: KeystoreSigner, world: World, run: Path) -> None:
    await signer.level(KillLevel.FREEZE)
    (run / "kill-switch").write_text("no-entries")
    with pytest.raises(SignerRefused, match="freeze"):
        await signer.sign(world.exit())
    await signer.level(KillLevel.OFF)
    await signer.sign(world.exit())
    with pytest.raises(SignerRefused, match="no-entries"):
        await signer.sign(world.entry())


async def test_a_level_that_was_set_outlives_the_process(
    signer: KeystoreSigner, world: World, wait_for_end: Callable[[int], None]
) -> None:
    await signer.level(KillLevel.FLATTEN)
    assert signer.pid is not None
    os.kill(signer.pid, signal.SIGKILL)
    with contextlib.suppress(SignerUnreachable):
        await signer.addresses()
    with pytest.raises(SignerRefused, match="flatten"):
        await signer.sign(world.entry())


async def test_an_owner_that_was_fenced_off_is_refused_also_after_a_restart(
    signer: KeystoreSigner, world: World
) -> None:
    await signer.sign(world.entry(fence=4))
    await signer.sign(world.entry(fence=5, nonce=1))
    for _ in range(2):
        for request in (world.entry(fence=4), world.exit(fence=0), world.cancel(fence=4)):
            with pytest.raises(SignerRefused) as caught:
                await signer.sign(request)
            assert caught.value.rule == "fence"
        await signer.close()
        await signer.open()
    await signer.sign(world.entry(fence=5))


async def test_a_token_is_kept_from_a_request_that_another_rule_refuses_but_not_from_a_stranger(
    signer: KeystoreSigner, world: World
) -> None:
    with pytest.raises(SignerRefused, match="account"):
        await signer.sign(world.entry(fence=9, account="bob"))
    with pytest.raises(SignerRefused, match="max-value"):
        await signer.sign(world.entry(fence=3, value=2 * world.ether))
    with pytest.raises(SignerRefused, match="fence"):
        await signer.sign(world.entry(fence=2))
    await signer.sign(world.entry(fence=3))


async def test_tokens_are_counted_by_the_process(config: KeystoreConfig, world: World) -> None:
    limits = {"max_value": 5, "max_value_per_hour": 8, "max_value_per_day": 8}
    rules = world.rules(tokens={world.token: limits})
    signer = KeystoreSigner(config.model_copy(update={"rules": rules}), lambda: of_text(world.password))
    await signer.open()
    await signer.sign(world.exit(nonce=1))  # sells 5
    with pytest.raises(SignerRefused, match="max-value-per-hour"):
        await signer.sign(world.exit(nonce=2))
    await signer.close()


async def test_typed_data_is_judged_counted_and_signed_as_eth_account_does(
    config: KeystoreConfig, world: World
) -> None:
    limits = {"max_value": 5, "max_value_per_hour": 8, "max_value_per_day": 8}
    kinds = {world.permit2: ["PermitTransferFrom"]}
    rules = world.rules(tokens={world.token: limits}, typed=kinds, typed_seconds=2**40)
    signer = KeystoreSigner(config.model_copy(update={"rules": rules}), lambda: of_text(world.password))
    await signer.open()
    domain = {"name": "Permit2", "chainId": world.chain, "verifyingContract": world.permit2}

    def request(nonce: int, **changes: Any) -> TypedRequest:
        permitted = {"token": world.token, "amount": 5}
        message = {"permitted": permitted, "spender": world.router, "nonce": nonce, "deadline": 2**40}
        data = document("PermitTransferFrom", domain, message)
        fields = {"account": "alice", "sender": world.sender, "data": data, "purpose": "entry", **changes}
        return TypedRequest(**fields)

    signed = await signer.sign_typed(request(1))
    types = json.loads(request(1).data)["types"]
    message = json.loads(request(1).data)["message"]
    expected = Account.sign_typed_data(world.key, domain, types, message)
    assert signed.signature == bytes(expected.signature)
    assert signed.digest == f"0x{bytes(expected.message_hash).hex()}"
    assert await signer.sign_typed(request(1)) == signed  # the same again counts once
    for changes, rule in (
        ({"account": "bob"}, "account"),
        ({"sender": world.stranger}, "key"),
        ({"data": b"{}"}, "typed-data"),
        ({"data": bytes(200_000)}, "size"),
        ({"purpose": "approve"}, "purpose"),
    ):
        with pytest.raises(SignerRefused) as caught:
            await signer.sign_typed(request(1, **changes))
        assert caught.value.rule == rule
    with pytest.raises(SignerRefused, match="max-value-per-hour"):
        await signer.sign_typed(request(2))
    await signer.sign_typed(request(1, fence=3))
    with pytest.raises(SignerRefused, match="fence"):
        await signer.sign_typed(request(1, fence=2))
    await signer.close()


async def test_signed_rules_are_applied_to_a_running_signer_and_outlive_it(
    config: KeystoreConfig, key_file: Path, world: World, run: Path
) -> None:
    def write(version: int, most: int) -> Path:
        rules = msgspec.json.decode(msgspec.json.encode(world.rules(max_value=most)))
        text = f"version = {version}\n" + "".join(f"{name} = {toml(table)}\n" for name, table in rules.items())
        path = run / f"{version}.toml"
        path.write_bytes(signed(text.encode(), operator, "here"))
        return path

    operator = unlock(key_file, of_text(world.password))
    first, second = write(1, world.ether), write(2, 5)
    config = config.model_copy(update={"rules": first, "operator": operator.address})
    signer = KeystoreSigner(config, lambda: of_text(world.password))
    await signer.open()
    await signer.sign(world.entry())

    def keys_rules(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "sniper", "keys", "rules", *arguments, "--socket", str(config.socket)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    applied = await asyncio.to_thread(keys_rules, "apply", str(second))
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout == second.read_text()
    for _ in range(2):
        with pytest.raises(SignerRefused, match="max-value"):
            await signer.sign(world.entry())
        await signer.close()
        await signer.open()  # with the first file, still
    back = await asyncio.to_thread(keys_rules, "apply", str(first))
    assert back.returncode == 5
    assert "rules-version" in back.stderr
    settings = run / "sniper.toml"
    settings.write_text(
        f'mode = "paper"\n[chain.local]\nid = {world.chain}\nendpoints = ["http://127.0.0.1:1"]\n'
        f'wrapped_native = "{world.token}"\n[account.main]\naddress = "{world.sender}"\n'
        f'[signer.keystore]\nsocket = "{config.socket}"\n'
    )
    command = [sys.executable, "-m", "sniper", "--config", str(settings), "keys", "list"]
    listed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert listed.stdout == f"{world.sender}  {config.socket}\n", listed.stderr
    shown = await asyncio.to_thread(keys_rules, "show")
    assert shown.stdout == second.read_text()
    assert operator.address in shown.stderr
    await signer.close()


# ---- life of the process --------------------------------------------------------------------------


async def test_a_crash_fails_what_is_under_way_and_the_next_request_starts_it_again(
    signer: KeystoreSigner, world: World
) -> None:
    before = signer.pid
    assert before is not None
    os.kill(before, signal.SIGSTOP)
    under_way = [asyncio.ensure_future(signer.sign(world.entry(nonce=n))) for n in range(3)]
    await asyncio.sleep(0)
    os.kill(before, signal.SIGKILL)
    for result in await asyncio.gather(*under_way, return_exceptions=True):
        assert isinstance(result, SignerUnreachable)
        assert "start it again" in str(result)
    assert isinstance(await signer.sign(world.entry()), Signed)
    assert signer.pid != before


async def test_requests_that_find_it_gone_start_it_once(signer: KeystoreSigner, world: World) -> None:
    assert signer.pid is not None
    os.kill(signer.pid, signal.SIGKILL)
    with contextlib.suppress(SignerUnreachable):
        await signer.addresses()
    results = await asyncio.gather(*(signer.sign(world.entry(nonce=n)) for n in range(4)))
    assert len({result.tx_hash for result in results}) == 4


async def test_a_password_that_comes_only_once_is_said_when_it_is_needed_again(
    config: KeystoreConfig, world: World
) -> None:
    readable, writable = os.pipe()
    os.write(writable, world.password.encode())
    os.close(writable)
    signer = KeystoreSigner(config.model_copy(update={"password_fd": readable}))
    await signer.open()
    assert signer.pid is not None
    os.kill(signer.pid, signal.SIGKILL)
    with contextlib.suppress(SignerUnreachable):
        await signer.addresses()
    with pytest.raises(StartError, match=f"descriptor {readable}.*only once"):
        await signer.sign(world.entry())
    foreign, end = socket.socketpair()  # what has the number by now, such as a connection to a node
    end.send(world.password.encode())
    if foreign.fileno() != readable:
        os.dup2(foreign.fileno(), readable)
    with pytest.raises(StartError, match="only once"):
        await signer.sign(world.entry())
    assert os.read(readable, 64) == world.password.encode()
    if foreign.fileno() != readable:
        os.close(readable)
    foreign.close()
    end.close()
    await signer.close()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The keyboard's end of the terminal at stdin."""
    keyboard, at_stdin = pty.openpty()
    with os.fdopen(at_stdin) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield keyboard
    os.close(keyboard)


async def asked(keyboard: int) -> None:
    """Wait until the terminal shows no more what is typed."""
    async with asyncio.timeout(10):
        while termios.tcgetattr(keyboard)[3] & termios.ECHO:  # noqa: ASYNC110  (a terminal has no event for it)
            await asyncio.sleep(0.001)


def shown(keyboard: int) -> bytes:
    os.set_blocking(keyboard, False)
    try:
        return os.read(keyboard, 4096)
    except BlockingIOError:
        return b""


async def test_the_loop_goes_on_while_the_password_is_typed(
    config: KeystoreConfig, world: World, terminal: int
) -> None:
    signer = KeystoreSigner(config)
    opening = asyncio.ensure_future(signer.open())
    await asked(terminal)  # by this very loop
    assert not opening.done()
    os.write(terminal, world.password.encode() + b"\n")
    await opening
    assert isinstance(await signer.sign(world.entry()), Signed)
    assert world.password.encode() not in shown(terminal)
    assert termios.tcgetattr(terminal)[3] & termios.ECHO
    await signer.close()


async def test_a_request_that_gave_up_leaves_the_prompt_to_the_next_one(
    config: KeystoreConfig, world: World, terminal: int, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = KeystoreSigner(config)
    opening = asyncio.ensure_future(signer.open())
    await asked(terminal)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    signing = asyncio.ensure_future(signer.sign(world.entry()))
    await asyncio.sleep(0)
    os.write(terminal, world.password.encode() + b"\n")
    assert isinstance(await signing, Signed)
    assert capsys.readouterr().err.count("Password") == 1
    await signer.close()


async def test_close_takes_the_prompt_back(config: KeystoreConfig, world: World, terminal: int) -> None:
    signer = KeystoreSigner(config)
    opening = asyncio.ensure_future(signer.open())
    await asked(terminal)
    await signer.close()
    with pytest.raises(SignerUnreachable, match="closed"):
        await opening
    assert termios.tcgetattr(terminal)[3] & termios.ECHO


async def test_an_empty_password_is_no_password(config: KeystoreConfig, terminal: int) -> None:
    signer = KeystoreSigner(config)
    opening = asyncio.ensure_future(signer.open())
    await asked(terminal)
    os.write(terminal, b"\n")
    with pytest.raises(StartError, match="0 bytes"):
        await opening
    await signer.close()


async def test_without_a_terminal_nobody_is_asked(config: KeystoreConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = KeystoreSigner(config)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(StartError, match=r"stdin is no terminal.*password_fd"):
        await signer.open()
    await signer.close()


async def test_close_ends_the_process_and_leaves_no_socket(
    signer: KeystoreSigner, world: World, config: KeystoreConfig
) -> None:
    pid = signer.pid
    assert pid is not None
    await signer.close()
    assert not alive(pid)
    assert not config.socket.exists()
    with pytest.raises(SignerUnreachable, match="not open"):
        await signer.sign(world.entry())


async def test_it_ends_when_its_parent_is_killed(
    config: KeystoreConfig, world: World, wait_for_end: Callable[[int], None]
) -> None:
    program = (
        "import asyncio, sys\n"
        "from sniper_signer_keystore.client import KeystoreConfig, KeystoreSigner\n"
        "from sniper.signing.password import of_text\n"
        "async def main():\n"
        "    signer = KeystoreSigner(KeystoreConfig.model_validate_json(sys.argv[1]), lambda: of_text(sys.argv[2]))\n"
        "    await signer.open()\n"
        "    print(signer.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", program, config.model_dump_json(), world.password],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert alive(pid)
        parent.kill()
    await asyncio.to_thread(wait_for_end, pid)


async def test_a_second_signer_in_the_same_directory_is_refused(
    signer: KeystoreSigner, config: KeystoreConfig, world: World
) -> None:
    second = KeystoreSigner(
        config.model_copy(update={"socket": config.socket.with_name("t.sock")}), lambda: of_text(world.password)
    )
    with pytest.raises(StartError, match="another signer serves in"):
        await second.open()
    await signer.sign(world.entry())


async def test_a_socket_that_a_crash_left_behind_is_replaced(config: KeystoreConfig, world: World) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left_behind:
        config.socket.parent.chmod(0o700)
        left_behind.bind(str(config.socket))
    signer = KeystoreSigner(config, lambda: of_text(world.password))
    await signer.open()
    await signer.sign(world.entry())
    await signer.close()


async def test_what_is_wrong_at_the_start_is_raised_as_it_is(
    config: KeystoreConfig, world: World, tmp_path: Path
) -> None:
    right = lambda: of_text(world.password)  # noqa: E731

    async def start(password: Any = right, **changes: Any) -> None:
        await KeystoreSigner(config.model_copy(update=changes), password).open()

    with pytest.raises(WrongPassword):
        await start(lambda: of_text("wrong"))
    with pytest.raises(KeyFileError, match="cannot be read"):
        await start(keystores=(tmp_path / "none",))
    with pytest.raises(StartError, match="same key"):
        await start(keystores=config.keystores * 2)
    with pytest.raises(StartError, match="107 bytes"):
        await start(socket=config.socket.with_name("s" * 120))
    config.socket.parent.chmod(0o755)
    with pytest.raises(StartError, match=r"mode 0755.*chmod 0700"):
        await start()
    config.socket.parent.chmod(0o700)
    with pytest.raises(StartError, match="not ready within"):
        await start(start_timeout=0.001)


def test_key_files_and_rules_go_together(run: Path, key_file: Path) -> None:
    with pytest.raises(ValueError, match="go together"):
        KeystoreConfig(socket=run / "s", keystores=(key_file,))


# ---- run by the operator --------------------------------------------------------------------------


def rules_file(world: World, run: Path) -> Path:
    path = run / "rules.toml"
    path.write_text(
        f'[accounts]\nalice = ["{world.sender}"]\n[chains.{world.chain}]\nmax_fee = {world.ether}\nmax_value = 1\n'
        f"max_value_per_hour = 1\nmax_value_per_day = 1\n"
    )
    return path


async def test_the_operator_s_signer_is_found_and_found_again(world: World, key_file: Path, run: Path) -> None:
    rules = rules_file(world, run)
    signer = KeystoreSigner(KeystoreConfig(socket=run / "s.sock"))
    with pytest.raises(SignerUnreachable, match="no signer listens on"):
        await signer.open()

    async def serve() -> "subprocess.Popen[str]":
        readable, writable = os.pipe()
        os.write(writable, world.password.encode())
        os.close(writable)
        arguments = ["--keystore", str(key_file), "--socket", str(run / "s.sock"), "--rules", str(rules)]
        process = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "sniper_signer_keystore", "serve", *arguments, "--password-fd", str(readable)],
            pass_fds=(readable,),
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(readable)
        assert process.stderr is not None
        assert '"serving"' in await asyncio.to_thread(process.stderr.readline)
        return process

    first = await serve()
    assert await signer.addresses() == (world.sender,)
    signed = await signer.sign(world.cancel())
    first.terminate()
    assert await asyncio.to_thread(first.wait) == 0
    assert '"ended"' in first.communicate()[1]
    second = await serve()
    with contextlib.suppress(SignerUnreachable):
        await signer.addresses()
    assert await signer.sign(world.cancel()) == signed
    await signer.close()
    assert alive(second.pid)
    second.terminate()
    second.communicate()


@pytest.mark.parametrize("broken", ["rules", "password"])
def test_the_operator_sees_one_line_when_it_cannot_start(world: World, key_file: Path, run: Path, broken: str) -> None:
    rules = rules_file(world, run)
    if broken == "rules":
        rules.write_text("x = 1")
    readable, writable = os.pipe()
    os.write(writable, b"a-wrong-guess")
    os.close(writable)
    arguments = ["--keystore", str(key_file), "--socket", str(run / "s.sock"), "--rules", str(rules)]
    done = subprocess.run(
        [sys.executable, "-m", "sniper_signer_keystore", "serve", *arguments, "--password-fd", str(readable)],
        pass_fds=(readable,),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "a-wrong-guess" not in done.stderr


# ---- what others can see and do -------------------------------------------------------------------


async def test_no_secret_is_in_arguments_environment_logs_or_errors(
    config: KeystoreConfig, world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_TOKEN", "token-of-the-parent")
    signer = KeystoreSigner(config, lambda: of_text(world.password))
    await signer.open()
    process = Path(f"/proc/{signer.pid}")
    seen = [(process / "cmdline").read_bytes()]
    with contextlib.suppress(PermissionError):  # sealed, so only root may look
        environment = (process / "environ").read_bytes()
        assert b"token-of-the-parent" not in environment
        seen.append(environment)
    for request in (world.entry(value=10**20), world.entry(sender=world.stranger), world.exit(value=1)):
        with pytest.raises(SignerRefused) as caught:
            await signer.sign(request)
        seen.append("".join(traceback.format_exception(caught.value)).encode())
    await signer.sign(world.entry())
    await signer.close()
    guess = "wrong-guess-" + "7"  # not as it stands here: a traceback quotes this line
    with pytest.raises(WrongPassword) as wrong:
        await KeystoreSigner(config, lambda: of_text(guess)).open()
    seen.append("".join(traceback.format_exception(wrong.value)).encode())
    out, err = capfd.readouterr()
    assert '"serving"' in err
    seen += [out.encode(), err.encode(), repr(signer).encode(), str(vars(signer)).encode()]
    for secret in (
        world.password,
        guess,
        world.key.hex(),
        str(int.from_bytes(world.key, "big")),
        repr(world.key),
    ):
        assert not any(secret.encode() in text for text in seen)


async def test_the_client_wipes_the_password_that_it_was_given(config: KeystoreConfig, world: World) -> None:
    given = of_text(world.password)
    signer = KeystoreSigner(config, lambda: given)
    await signer.open()
    assert not any(given.view)
    await signer.close()


async def test_the_process_is_sealed(signer: KeystoreSigner) -> None:
    process = Path(f"/proc/{signer.pid}")
    limits = (process / "limits").read_text()
    assert "Max core file size        0                    0" in limits
    assert "NoNewPrivs:\t1" in (process / "status").read_text()
    if os.geteuid() == 0:
        open_files = {name: os.readlink(process / "fd" / name) for name in os.listdir(process / "fd")}
        others = {target.split(":")[0] for name, target in open_files.items() if int(name) > 2}
        assert others <= {"socket", "anon_inode", *(t for t in others if t.startswith("/tmp/signer-"))}


def test_sealing_forbids_dumps_and_tracing() -> None:
    program = (
        "import ctypes, resource\n"
        "from sniper.signing.hardening import seal\n"
        "seal()\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0 (0, 0)\n"


def test_the_process_imports_little() -> None:
    program = "import sys, sniper_signer_keystore.__main__\nprint(*sys.modules, sep='\\n')\n"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    heavy = {"web3", "eth_keyfile", "eth_utils", "pydantic", "asyncio", "aiohttp", "eth_abi", "stevedore"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_is_refused(config: KeystoreConfig, world: World, capfd: pytest.CaptureFixture[str]) -> None:
    def as_nobody() -> str:
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgid(65534)
            os.setuid(65534)
            said = b"connected"
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
                    connection.settimeout(10)
                    connection.connect(str(config.socket))
                    said = b"answered" if connection.recv(100) else b"closed"
            except PermissionError:
                said = b"forbidden"
            except TimeoutError:
                said = b"kept"
            except ConnectionError:
                said = b"closed"
            finally:
                os.write(writable, said)
                os._exit(0)
        os.close(writable)
        os.waitpid(child, 0)
        with os.fdopen(readable) as answer:
            return answer.read()

    # Started here and not by a fixture, so that what it writes is captured for this test.
    signer = KeystoreSigner(config, lambda: of_text(world.password))
    await signer.open()
    assert await asyncio.to_thread(as_nobody) == "forbidden"
    # The directory alone would do; here it is opened, to see that the process does not rely on it.
    config.socket.parent.chmod(0o711)
    config.socket.chmod(0o666)
    assert await asyncio.to_thread(as_nobody) == "closed"
    assert '"peer-refused"' in capfd.readouterr().err
    await signer.sign(world.entry())
    await signer.close()


async def test_a_stranger_in_the_signer_s_place_is_not_asked(
    signer: KeystoreSigner, config: KeystoreConfig, world: World
) -> None:
    """Whoever listens on the path must be the process that the client has started."""
    genuine = signer._start

    async def start_and_swap(source: Any) -> Any:
        child = await genuine(source)
        config.socket.unlink()
        listener.bind(str(config.socket))
        listener.listen()
        return child

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        await signer.close()
        signer._start = start_and_swap  # type: ignore[method-assign]
        with pytest.raises(SignerUnreachable, match="which is not the signer"):
            await signer.open()


@pytest.mark.parametrize("packet", [b"\x00", b"", b"\xff" * 100, b"\x93\xa4sign\x01\x02", bytes(200_000)])
async def test_what_is_no_request_loses_its_own_connection_only(
    signer: KeystoreSigner, config: KeystoreConfig, world: World, packet: bytes
) -> None:
    def intrude() -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(str(config.socket))
            connection.send(packet)
            try:
                return connection.recv(100)
            except ConnectionError:
                return b""

    assert await asyncio.to_thread(intrude) == b""
    await signer.sign(world.entry())


async def test_a_legacy_transaction_is_signed_for_its_chain_alone_and_judged_by_the_same_rules(
    signer: KeystoreSigner, world: World
) -> None:
    asked = world.entry(legacy=True, max_priority_fee=10**9, max_fee=10**9)
    made = (await signer.sign(asked)).raw
    transaction, signature = decode_signed(made)
    assert transaction == LegacyTransaction(
        chain_id=world.chain,
        nonce=asked.nonce,
        gas_price=10**9,
        gas=asked.gas,
        to=asked.to,
        value=asked.value,
        data=asked.data,
    )
    assert signature[64] in (0, 1)
    assert recover_sender(made) == world.sender
    for changes, rule in (
        ({"max_priority_fee": 10**18, "max_fee": 10**18}, "max-fee"),
        ({"chain_id": 2}, "chain"),
        ({"to": "0x" + "66" * 20}, "destination"),
        ({"max_priority_fee": 1}, "encoding"),
    ):
        with pytest.raises(SignerRefused) as refused:
            await signer.sign(msgspec.structs.replace(asked, **changes))
        assert refused.value.rule == rule, refused.value


async def test_a_client_that_does_not_read_its_answers_holds_up_nobody(
    signer: KeystoreSigner, config: KeystoreConfig, world: World
) -> None:
    from sniper.evm.transaction import Transaction
    from sniper.signing.wire import SignAsk

    payload = Transaction(
        chain_id=world.chain,
        nonce=0,
        max_priority_fee=0,
        max_fee=1,
        gas=21_000,
        to=world.router,
        data=world.buy_data() + bytes(30_000),
    ).payload()
    packet = msgspec.msgpack.encode(SignAsk(0, "alice", world.sender, "entry", payload))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as greedy:
        greedy.connect(str(config.socket))
        greedy.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                greedy.send(packet)
                sent += 1
                await signer.sign(world.entry())
        await signer.sign(world.entry())
        greedy.setblocking(True)
        for _ in range(sent):
            assert greedy.recv(160 * 1024)
