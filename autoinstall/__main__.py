"""`python -m autoinstall`: the command, by this interpreter."""

import sys

from autoinstall.cli import main

sys.exit(main())
