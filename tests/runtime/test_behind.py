"""Work beside the caller: in order, one at a time, and what it raises is not lost."""

import threading

import pytest

from relume.runtime.behind import Behind


def test_work_runs_beside_the_caller_in_order():
    here, gate, done = threading.get_ident(), threading.Event(), []
    with Behind() as behind:
        behind.do(lambda: done.append((gate.wait(10), threading.get_ident() != here)))
        assert not done
        gate.set()
        behind.do(lambda: done.append("second"))
        behind.settle()
        assert done == [(True, True), "second"]


def test_what_the_work_raises_comes_out_once():
    with Behind() as behind:
        behind.do(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            behind.settle()
        behind.settle()


def test_leaving_waits_for_what_is_under_way():
    done = []
    gate = threading.Event()
    with pytest.raises(KeyError), Behind() as behind:
        behind.do(lambda: done.append(gate.wait(10)))
        gate.set()
        raise KeyError
    assert done == [True]


def test_leaving_raises_what_the_last_piece_raised():
    with pytest.raises(ZeroDivisionError), Behind() as behind:
        behind.do(lambda: 1 / 0)
