"""How often the right project is named, and how often a wrong one, on names that the table was not made from."""
