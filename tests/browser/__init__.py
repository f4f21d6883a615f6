"""JupyterLab as people use it: in a browser, with a mouse and a keyboard."""
