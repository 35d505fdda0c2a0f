"""What every room stands on: files and paths, text that is safe to show, memory and processors."""
