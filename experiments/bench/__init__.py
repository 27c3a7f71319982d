"""Benchmarks of Podpath itself: figures printed side by side, with what was aimed at. Tests assert none of them."""
