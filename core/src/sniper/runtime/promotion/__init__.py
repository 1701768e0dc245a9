"""What strategy instances have shown, measured from the records of runs, and the process of a run that measures it."""
