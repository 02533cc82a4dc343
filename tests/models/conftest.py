"""The interpreters of this folder's tests import mortals.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
