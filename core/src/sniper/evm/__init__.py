"""Light EVM code that many plugins and the runtime need. Importing any of it does not import web3.

Everywhere below: an address is a lower-case ``0x`` string of 42 characters, a hash a lower-case ``0x`` string of 66,
an amount an ``int`` of base units, calldata and return data are ``bytes``.
"""
