"""What every kind of signer shares: the process, its rules and its memory. A kind adds where its keys come from.

What the process imports is small, and so is this package's own module: nothing.
"""
