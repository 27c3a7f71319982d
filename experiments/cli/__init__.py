"""What the tasks do: one module for each group of commands, with what a person sees of them."""
