"""Tests in real kernels, on each IPython: what a person at a notebook sees."""
