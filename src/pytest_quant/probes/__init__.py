"""From probe files to cases: reading, validating, drawing."""
