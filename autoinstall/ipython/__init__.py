"""The IPython face: `%load_ext autoinstall` in a notebook, a terminal IPython or a configuration file."""

from autoinstall.ipython.extension import load_ipython_extension, unload_ipython_extension

__all__ = ["load_ipython_extension", "unload_ipython_extension"]
