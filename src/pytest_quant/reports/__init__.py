"""What a run record looks like to a person."""
