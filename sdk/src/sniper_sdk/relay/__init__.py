"""A relay and a block builder on this machine, before a dev chain: to try private transactions and bundles with.

    with DevChain(automine=False, order="fifo") as chain:
        builder = Builder(chain)
        async with Relay(builder) as relay:
            ...  # send to relay.url what a public node, a private endpoint or a bundle relay takes
            built = builder.build()

Several relays may stand before one builder, each with `Fault`s of its own.
"""

from sniper_sdk.relay.builder import Builder, Built, Outcome
from sniper_sdk.relay.bundle import Bundle, Transaction
from sniper_sdk.relay.faults import Fault, FaultKind, Faults
from sniper_sdk.relay.refusal import BlockDiffers, Refused
from sniper_sdk.relay.server import Relay
from sniper_sdk.relay.signature import header, signer_of

__all__ = [
    "BlockDiffers",
    "Builder",
    "Built",
    "Bundle",
    "Fault",
    "FaultKind",
    "Faults",
    "Outcome",
    "Refused",
    "Relay",
    "Transaction",
    "header",
    "signer_of",
]
