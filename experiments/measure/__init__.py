"""Measure: one deployment of a mode from nothing to nothing, its views, and campaigns of deployments."""
