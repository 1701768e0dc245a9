"""``python -m sniper_signer_keystore serve --keystore FILE --socket PATH --rules FILE``: run a signer by hand."""

import sys

from sniper.signing.main import main
from sniper_signer_keystore.source import KeystoreSource

if __name__ == "__main__":
    sys.exit(main("sniper_signer_keystore", KeystoreSource))
