"""How fast it is: figures of whole processes, as ratios within one run. `python -m tests.benchmarks --help`."""
