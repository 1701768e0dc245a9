"""``python -m sniper_signer_kms serve --key ID --region NAME --socket PATH --rules FILE``: run a signer by hand."""

import sys

from sniper.signing.main import main
from sniper_signer_kms.source import KmsSource

if __name__ == "__main__":
    sys.exit(main("sniper_signer_kms", KmsSource))
