"""Training: a config in, a trained model out. `python -m core.training --help` trains from the command line."""
