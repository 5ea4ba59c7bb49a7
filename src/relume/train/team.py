"""The processes of one training and the device each computes on: one by default, several under ``torchrun``.

    torchrun --nproc-per-node 4 -m relume train cascade --data DATA

Every process draws its own crops and all take the same step, with the mean of their gradients; the first one logs,
validates and writes checkpoints.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from torch import Tensor, distributed, nn

from relume.signal import UsageError


@dataclass(frozen=True)
class Team:
    """``size`` processes of which this is number ``rank``, computing on ``device``."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: str = "auto") -> Self:
        """The team that ``torchrun`` described in the environment, or this process alone; on auto, cpu or cuda."""
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"device is auto, cpu or cuda, not '{device}'")
        if device == "cuda" and not torch.cuda.is_available():
            raise UsageError("device cuda: torch sees none here; use --device cpu")
        kind = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        size = int(os.environ.get("WORLD_SIZE", "1"))
        rank = int(os.environ.get("RANK", "0"))
        if size > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
        local = int(os.environ.get("LOCAL_RANK", "0"))
        return cls(torch.device(kind, local) if kind == "cuda" else torch.device(kind), rank, size)

    @property
    def leads(self) -> bool:
        """Whether this process logs, validates and saves."""
        return self.rank == 0

    def own(self, rng: np.random.Generator) -> np.random.Generator:
        """From a generator that all share, this process's own; the first keeps the shared one."""
        return rng if self.leads else np.random.default_rng([self.rank, int(rng.integers(2**62))])

    def place(self, x: Tensor) -> Tensor:
        """``x`` (N, C, H, W) on the device, channels last."""
        return x.to(self.device, non_blocking=True).contiguous(memory_format=torch.channels_last)

    def settle(self, net: nn.Module) -> nn.Module:
        """``net`` on the device, channels last."""
        settled: nn.Module = net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return settled

    def share(self, parameters: Iterable[Tensor]) -> None:
        """Replace every gradient by its mean over the team."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
