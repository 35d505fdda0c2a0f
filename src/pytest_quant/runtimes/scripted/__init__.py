"""A runtime that needs no model: its answers stand in a file."""
