"""Tests of bringing a staged install into place, and of taking it back."""
