"""Imports read from source: of a cell, a script, a notebook, a folder; nothing of it is run."""
