"""What a session learned, as JSON that every report and every later session reads."""
