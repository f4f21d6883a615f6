"""Refresh facts from an index: which import names the newest wheel of each named project provides."""
