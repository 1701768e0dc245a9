"""Results of strategies, recomputed: the registry runs each release on markets that nobody could have fitted it to.

1. `declared`: the wheel says how its strategy is to be tried, and which of its parameters vary. No number of a result.
2. `markets`: generated markets whose seeds follow from the wheel's own hash, so that they do not exist before it does,
   and anybody can generate them again.
3. `run`: `sniper backtest`, `sniper report`, `sniper optimise` and `sniper validate`, with the release in a worker.
4. `summary`: what is published: the spread over seeds, and ratios lowered by how little time they stand on.
"""
