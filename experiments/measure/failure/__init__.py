"""What breaks between nodes, and what each mode makes of it."""
