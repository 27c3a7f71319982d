"""Results: what was measured, how it is stored, checked, migrated and summarised."""
