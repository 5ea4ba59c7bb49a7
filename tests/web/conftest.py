"""The fixtures of the page's tests; see conftest_web for what they are made of."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest_web import app, client, postgres, sent, settings, site, work

__all__ = ["app", "client", "postgres", "sent", "settings", "site", "work"]
