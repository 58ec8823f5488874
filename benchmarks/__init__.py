"""What is fast, and against what: `python -m benchmarks`. Never part of the tests."""
