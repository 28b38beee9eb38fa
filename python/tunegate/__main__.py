"""`python -m tunegate` is the command `tunegate`."""

import sys

from tunegate.cli import main

sys.exit(main())
