"""Write a kind of signer: say where its keys come from, inside the signer's process.

A kind is a `KeySource` and a `sniper.signing.client.ProcessSigner`; everything else, rules above all, is the same for
each of them. The process imports the kind's own module and what that imports: libraries are best imported in `keys`.
"""

import argparse
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from sniper.signing.key import Key
from sniper.signing.secret import SecretBuffer


class KeySource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its fields are what the process is told of it; none of them is secret.

    secret  What a person is asked for to open it ("Password of the key file"); "" where nothing secret is needed.
    """

    secret: ClassVar[str] = ""

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add the kind's own options of ``serve``; their names are those of the fields."""
        raise NotImplementedError

    def keys(self, secret: SecretBuffer) -> Sequence[Key]:
        """Open them; called once. ``secret`` is wiped by the caller, and empty where the kind needs none.

        Raises `SignerError`.
        """
        raise NotImplementedError
