"""A model that compares a level's free text with the reference's. It decides no verdict."""
