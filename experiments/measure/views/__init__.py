"""What is measured of a mode, view by view; each beside its baseline on the same two nodes.

:mod:`~experiments.measure.views.plan` says which trials there are, :mod:`~experiments.measure.views.trials` makes them one
after the other, and one module a way of measuring does the work.
"""
