"""``sniper doctor``: whether this machine, the installation, the config and the endpoints are fit for a run."""

import asyncio
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click
import importlib_metadata

from sniper.cli import exit_codes
from sniper.cli.diagnosis import Diagnosis
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.errors import SniperError
from sniper.settings import file
from sniper.settings.model import Chain, Settings

_GIB = 2**30
_NODE = 20
_UNSYNCHRONISED = 0x0040  # STA_UNSYNC in <sys/timex.h>


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check this machine, the installation, the config file and its endpoints. Exit code 1 where a check fails."""
    invocation = ctx.ensure_object(Invocation)
    found = list(_diagnoses(invocation))
    if as_json:
        print_json({"checks": [asdict(each) for each in found]})
    else:
        colours = {"ok": "green", "warn": "yellow", "fail": "red"}
        print_table(("check", "status", "found"), [(each.check, each.status, each.found) for each in found])
        for each in found:
            if each.remedy:
                click.echo(f"{click.style(each.status, fg=colours[each.status])} {each.check}: {each.remedy}")
    if any(each.status == "fail" for each in found):
        ctx.exit(exit_codes.FAILURE)


def _diagnoses(invocation: Invocation) -> Iterator[Diagnosis]:
    yield _interpreter()
    yield _dependencies()
    yield _node()
    yield _clock()
    yield _plugins(invocation)
    path = file.locate(invocation.config)
    if path is None:
        yield Diagnosis("config", "warn", "no config file", "write one with: sniper init")
        yield _disk(Settings().data_dir.expanduser())
        return
    try:
        settings = invocation.settings()
    except SniperError as error:
        yield Diagnosis("config", "fail", f"{path} is not in order", str(error))
        return
    try:
        resolved = invocation.resolved()
        yield Diagnosis("config", "ok", str(path))
    except SniperError as error:
        resolved = None
        yield Diagnosis("config", "fail", f"{path} is not in order", str(error))
    yield _disk(settings.data_dir)
    for name, chain in settings.chain.items():
        yield from asyncio.run(_endpoints(name, chain))
    if resolved is not None and resolved.exchanges:
        from sniper.cli.exchange_diagnosis import exchanges

        yield from asyncio.run(exchanges(resolved))


def _interpreter() -> Diagnosis:
    # An older one than the package demands could not have imported this.
    return Diagnosis("python", "ok", f"{platform.python_implementation()} {platform.python_version()}")


def _dependencies() -> Diagnosis:
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in importlib_metadata.requires("sniper-core") or ()]
    needed = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    wrong = []
    for each in needed:
        try:
            version = importlib_metadata.version(each.name)
        except importlib_metadata.PackageNotFoundError:
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(version, prereleases=True):
            wrong.append(f"{each.name} is {version}, wanted {each.specifier}")
    if wrong:
        return Diagnosis("dependencies", "fail", "; ".join(wrong), "reinstall sniper-core, or run make setup")
    return Diagnosis("dependencies", "ok", f"{len(needed)} present")


def _node() -> Diagnosis:
    """node and npm run the development chain; trading needs neither."""
    remedy = f"for the demo and development chains install Node.js {_NODE} or newer, with npm"
    if not shutil.which("node") or not shutil.which("npm"):
        return Diagnosis("node", "warn", "node or npm is not installed", remedy)
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Diagnosis("node", "warn", f"node does not run: {type(error).__name__}", remedy)
    major = version.strip().lstrip("v").partition(".")[0]
    old = not major.isdigit() or int(major) < _NODE
    return Diagnosis("node", "warn" if old else "ok", version.strip(), remedy if old else "")


def _disk(directory: Path) -> Diagnosis:
    standing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    free = shutil.disk_usage(standing).free
    found = f"{free / _GIB:.1f} GiB free for {directory}"
    remedy = "the journal stops the run when it cannot write; free some space, or set data_dir to another disk"
    if free < _GIB // 2:
        return Diagnosis("disk", "fail", found, remedy)
    return Diagnosis("disk", "warn", found, remedy) if free < 5 * _GIB else Diagnosis("disk", "ok", found)


def _clock() -> Diagnosis:
    """What the kernel says of its own clock. Deadlines and limits per day rely on it."""
    remedy = "start a time service, such as systemd-timesyncd or chrony"
    if sys.platform != "linux":
        return Diagnosis("clock", "warn", "cannot be checked on this system", remedy)
    import ctypes

    # struct timex: modes, then (aligned to a word) offset, freq, maxerror, esterror, status, ... 208 bytes on 64 bits.
    words = (ctypes.c_long * 64)()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(words))
    status = ctypes.cast(ctypes.byref(words, 5 * ctypes.sizeof(ctypes.c_long)), ctypes.POINTER(ctypes.c_int))[0]
    if state < 0 or status & _UNSYNCHRONISED:
        return Diagnosis("clock", "warn", "is not synchronised, as far as the kernel knows", remedy)
    return Diagnosis("clock", "ok", "synchronised")


def _plugins(invocation: Invocation) -> Diagnosis:
    found = invocation.survey()
    if found.problems:
        names = ", ".join(problem.plugin for problem in found.problems)
        status: Literal["fail", "warn"] = "fail" if any(problem.stops for problem in found.problems) else "warn"
        return Diagnosis("plugins", status, f"left out: {names}", "see sniper plugins doctor")
    return Diagnosis("plugins", "ok", f"{len(found.extensions)} installed")


async def _endpoints(name: str, chain: Chain) -> list[Diagnosis]:
    return list(
        await asyncio.gather(*(_endpoint(f"chain.{name}", chain, index) for index in range(len(chain.endpoints))))
    )


async def _endpoint(check: str, chain: Chain, index: int) -> Diagnosis:
    from sniper.evm.rpc import Endpoints

    endpoint = chain.endpoints[index]
    begin = time.monotonic()
    try:
        async with Endpoints(chain.id, [endpoint.url], timeout=5.0) as endpoints:
            await endpoints.connect()  # says at once what is wrong; a call would try again until its time is up
            block = await endpoints.call("eth_getBlockByNumber", ("latest", False))
    except SniperError as error:
        return Diagnosis(check, "fail", f"{endpoint}: {error}", "start the node, or correct endpoints and id")
    took = (time.monotonic() - begin) * 1_000
    ahead = int(block["timestamp"], 16) - time.time()
    found = f"{endpoint}: block {int(block['number'], 16)} in {took:.0f} ms"
    if not chain.local and ahead > 15:
        remedy = "the newest block is from the future, so this machine's clock is slow; synchronise it"
        return Diagnosis(check, "fail", f"{found}, {ahead:.0f} s ahead of this clock", remedy)
    if not chain.local and ahead < -120:
        remedy = "the node lags behind its chain, or the clock here is fast; use another endpoint until it caught up"
        return Diagnosis(check, "warn", f"{found}, {-ahead:.0f} s old", remedy)
    return Diagnosis(check, "ok", found)
