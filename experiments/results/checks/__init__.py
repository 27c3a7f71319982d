"""What `validate` looks at, one module for each question; :mod:`experiments.results.validate` asks them all."""
