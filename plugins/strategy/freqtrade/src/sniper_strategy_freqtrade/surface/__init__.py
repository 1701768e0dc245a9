"""What a freqtrade strategy imports, as this adapter has it: written from its public documentation.

A strategy file says ``from freqtrade.strategy import IStrategy``; `sniper_strategy_freqtrade.importing` answers such
imports with the modules of this package. Nothing here is installed under those names.
"""
