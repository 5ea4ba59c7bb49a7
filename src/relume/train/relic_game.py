"""Step 3 of CR-SRGAN: the adversarial training of ``adversarial.py`` with a colour loss in Lab beside its content."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from relume.signal import UsageError
from relume.train.adversarial_recipe import AdversarialSuperResolution
from relume.train.colour_loss import delta_e94
from relume.train.losses import ContentLoss


@dataclass(frozen=True)
class AdversarialRelic(AdversarialSuperResolution):
    """An adversarial recipe whose content has ``lab`` times dE94 / 100."""

    lab: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lab < 0:
            raise UsageError(f"lab must be at least 0, not {self.lab}")


class ColouredContent(nn.Module):
    """l_X with the colour loss added, and its parts by name."""

    def __init__(self, content: ContentLoss, lab: float) -> None:
        super().__init__()
        self.content, self.lab = content, lab

    def forward(self, restored: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        total, parts = self.content(restored, truth)
        parts["delta_e94"] = delta_e94(restored, truth)
        return total + self.lab * parts["delta_e94"] / 100, parts
