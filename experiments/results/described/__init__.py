"""The fields of result files, described object by object; :mod:`experiments.results.fields` is the way in."""
