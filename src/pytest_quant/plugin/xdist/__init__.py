"""What exists only while pytest-xdist distributes a session."""
