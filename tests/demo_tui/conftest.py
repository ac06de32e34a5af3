"""Lets these tests share `panel_samples`; the folder itself cannot be a package of the library's name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
