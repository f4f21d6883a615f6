"""Everything that can go wrong around an import, as its user meets it."""
