"""Client ids as an exchange takes them: some take fewer than 32 characters, or put something before them."""

from typing import Final

from sniper_venue_ccxt.config import CcxtConfig

WHOLE: Final = 32
LENGTHS: Final = {"gate": 28, "gateio": 28, "kraken": 18}
"""Of those that take fewer (Gate: "text"; Kraken: "cl_ord_id")."""
PREFIXES: Final = {"gate": "t-", "gateio": "t-"}
"""What ccxt puts before an id by itself, and the exchange tells with it."""


class ClientIds:
    """Both ways. An id that is cut keeps at least 80 bits, so two of one desk are the same by no chance worth naming.

    What was cut before this process began is known again once its order was looked for.
    """

    def __init__(self, config: CcxtConfig) -> None:
        self._put = config.client_id_prefix
        self._told = PREFIXES.get(config.exchange, "")
        length = config.client_id_length or LENGTHS.get(config.exchange, len(self._put) + WHOLE)
        self._length = length - len(self._put)
        self._whole: dict[str, str] = {}

    def sent(self, client_id: str) -> str:
        """What the exchange is given, of 32 characters of sniper's."""
        cut = client_id[: self._length]
        if cut != client_id:
            self._whole[cut] = client_id
        return self._put + cut

    def told(self, client_id: str) -> str:
        """What the exchange tells, as sniper knows it; of another's order as it is."""
        bare = client_id.removeprefix(self._told).removeprefix(self._put)
        return self._whole.get(bare, bare)
