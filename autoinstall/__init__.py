"""A missing import asks once, installs the right project into the running kernel, and the program goes on."""

__version__ = "0.1.0"
