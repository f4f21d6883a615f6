"""Compiles the reviewed facts and rules in `data/` into the one table that ships inside the package."""
