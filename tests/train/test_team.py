import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from relume.signal import UsageError
from relume.train.loop import load_checkpoint
from relume.train.team import Team

MEMBER = """
import dataclasses, pathlib, sys, torch
from relume.recipes.cascade import RECIPE
from relume.train.run import run_tiny

torch.set_num_threads(1)
folder, rank = pathlib.Path(sys.argv[1]), sys.argv[2]
data = dataclasses.replace(RECIPE.data, folders=("a",), held_out=1)
tiny = dataclasses.replace(RECIPE.tiny(), steps=4, validate_every=4, data=data)
net = run_tiny(tiny, folder / rank, resume=False, report=lambda line: None)
torch.save(net.state_dict(), folder / f"{rank}.pt")
"""


def test_two_processes_take_the_same_steps_and_one_writes(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    members = [
        subprocess.Popen(
            [sys.executable, "-c", MEMBER, str(tmp_path), str(rank)],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [member.wait(timeout=300) for member in members] == [0, 0]
    one, two = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert load_checkpoint(tmp_path / "0" / "checkpoint.pt")["step"] == 4
    assert not (tmp_path / "1" / "checkpoint.pt").exists()


def test_members_draw_different_crops():
    draws = [Team(rank=rank, size=3).own(np.random.default_rng(5)).random() for rank in range(3)]
    assert len(set(draws)) == 3
    assert draws[0] == np.random.default_rng(5).random()


def test_asking_for_a_device_that_is_not_there():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(UsageError, match="--device cpu"):
        Team.join("cuda")
