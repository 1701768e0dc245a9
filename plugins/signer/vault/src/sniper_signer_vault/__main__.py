"""``python -m sniper_signer_vault serve --address URL --path P --socket PATH --rules FILE``: run a signer by hand."""

import sys

from sniper.signing.main import main
from sniper_signer_vault.source import VaultSource

if __name__ == "__main__":
    sys.exit(main("sniper_signer_vault", VaultSource))
