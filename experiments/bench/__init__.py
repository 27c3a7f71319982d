"""Benchmarks of Podpath itself: figures printed side by side, with what was aimed at. Nothing here is asserted in tests."""
