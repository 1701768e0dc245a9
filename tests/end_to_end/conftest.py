"""A run inside the test's own process, where a test has to look into it or put something into its place."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from stand import PASSWORD, Stand

from sniper.catalogue import Catalogue
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolved import Resolved
from sniper.settings.resolver import resolve

Change = Callable[[Resolved], Resolved]


@pytest.fixture
async def running(stand: Stand) -> AsyncIterator[Callable[..., Awaitable[Run]]]:
    """Starts a run on the stand's config with the real signer in its own process; it is closed at the end."""
    made: list[Run] = []

    async def start(change: Change = lambda resolved: resolved, **options: Any) -> Run:
        readable, writable = os.pipe()
        os.write(writable, PASSWORD)
        os.close(writable)
        stand.document["signer"]["keystore"]["password_fd"] = readable
        catalogue = Catalogue.discover()
        run = Run(change(resolve(load(stand.write()), catalogue)), catalogue, **options)
        made.append(run)
        await run.start()
        await stand.record.until(lambda record: record.head == stand.chain.block_number() and record.quiet)
        return run

    yield start
    for run in made:
        async with asyncio.timeout(30):
            await run.close()
