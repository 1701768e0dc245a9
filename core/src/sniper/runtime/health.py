"""``/metrics``, ``/live`` and ``/ready`` on a loopback port: ``runtime.metrics_port``.

``/live``  200 while the event loop turns and the kernel's loop has not failed; 503 otherwise.
``/ready`` 200 where the run may trade; 503 with the reasons why not: accounts halted or wallets not read, positions
           that nothing guards, feeds without their source, accounts at exchanges that were not read or have lost their
           stream, a signer that does not answer.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from sniper.errors import ConfigError, SniperError
from sniper.runtime.control import unguarded, wallet_read
from sniper.runtime.exchange_sources import DeskSource
from sniper.runtime.metrics import Metrics

if TYPE_CHECKING:
    from sniper.runtime.run import Run

HOST: Final = "127.0.0.1"
BEAT_S: Final = 0.25
SIGNER_S: Final = 2.0
_TEXT: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class Health:
    """The server, and the beat that measures how late the event loop is."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.metrics = Metrics(run)
        self.port = 0
        """The port that it listens on, once started."""
        self._runner: web.AppRunner | None = None
        self._beat: asyncio.Task[None] | None = None
        run.observers.append(self.metrics.told)

    async def start(self) -> None:
        """Listen. Raises `ConfigError` where the port is taken."""
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._metrics), web.get("/live", self._live), web.get("/ready", self._ready)]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        wanted = self._run.resolved.runtime.metrics_port or 0
        try:
            await web.TCPSite(self._runner, HOST, wanted).start()
        except OSError as error:
            raise ConfigError(
                f"metrics_port {wanted} of {HOST} cannot be used: {error.strerror}; set runtime.metrics_port to "
                "another one, or to 0 for any that is free"
            ) from error
        self.port = self._runner.addresses[0][1]
        self._beat = asyncio.get_running_loop().create_task(self._beats(), name="beat")
        self._run.log.info("metrics and health", url=f"http://{HOST}:{self.port}")

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
            self._beat = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def reasons(self) -> list[str]:
        """Why the run is not ready; empty where it is."""
        run = self._run
        found = [f"the run has failed: {run.failure}"] if run.failure is not None else []
        for name, account in run.kernel.accounts.items():
            if account.book.halted:
                found.append(f"account {name} is halted: {account.book.halted}")
            if not wallet_read(account):
                found.append(f"the wallet of account {name} was not read yet")
            for token, reason in unguarded(account).items():
                found.append(f"position {token} of account {name} is not guarded: {reason}")
            for venue, desk in account.trading.desks.items():
                if not desk.book.known:
                    found.append(f"account {name} at {venue} was not read yet, or not since its stream broke")
        for feeder in [feeder for feeder in run.feeders if not feeder.hints]:
            if isinstance(feeder.source, DeskSource):  # which says nothing where nothing is ordered
                if feeder.down:
                    source = feeder.source
                    found.append(f"the stream of account {source.account} at {source.place} is lost")
            elif feeder.stale:
                found.append(f"feed {feeder.name} has lost its source")
            elif not feeder.last_event:
                found.append(f"feed {feeder.name} has said nothing yet")
        if run.signer is not None:
            try:
                async with asyncio.timeout(SIGNER_S):
                    await run.signer.addresses()
            except TimeoutError:
                found.append(f"the signer did not answer within {SIGNER_S:g} s")
            except SniperError as error:
                found.append(f"the signer cannot be reached: {error}")
        return found

    async def _beats(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.metrics.lag_s = max(self.metrics.lag_s, loop.time() - due)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers=_TEXT)

    async def _live(self, _: web.Request) -> web.Response:
        failure = self._run.failure
        reasons = [] if failure is None else [f"the run has failed: {failure}"]
        return web.json_response({"live": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def _ready(self, _: web.Request) -> web.Response:
        reasons = await self.reasons()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)
