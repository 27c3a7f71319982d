"""The capsule: User-Mode Linux, for what the host's kernel lacks."""
