"""What measurements show beside right and wrong. Pure functions of numbers."""
