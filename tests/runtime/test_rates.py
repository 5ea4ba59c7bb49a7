import sys
import time

import pytest

from relume.runtime import rates


@pytest.mark.skipif(sys.platform == "win32", reason="there seconds are those of the clock on the wall")
def test_rates_are_of_processor_time() -> None:
    assert rates._share(lambda: time.sleep(0.2), 1) < 0.05
    started = time.process_time()
    taken = rates._share(lambda: sum(range(10**6)), 3)
    assert 0 < taken * 3 <= time.process_time() - started
