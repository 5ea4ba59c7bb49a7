"""What was printed elsewhere: PSNR in dB and SSIM at x4, each with its source.

The first table is that of Wang et al. (2020). Its bicubic reads 30.01 dB on Set5, which no standard x4 protocol gives
(28.42 here and in the papers of the second table), so its absolute figures and ours are on different scales: compare
the gain over bicubic. VDSR is named there as compared, but not printed; its SRGAN is below its bicubic on Set14.
"""

from __future__ import annotations

from dataclasses import dataclass

SETS = ("Set5", "Set14", "BSD100")


@dataclass(frozen=True)
class Printed:
    """One system's printed figures at x4 by set, as (PSNR, SSIM); None where a source has no figure."""

    model: str
    source: str
    figures: tuple[tuple[float, float] | None, tuple[float, float] | None, tuple[float, float] | None]

    def psnr(self, set_name: str) -> float | None:
        """PSNR in dB on a set, or None."""
        found = self.figures[SETS.index(set_name)]
        return None if found is None else found[0]


WANG = "Wang et al., Image super-resolution reconstruction based on improved generative adversarial network (2020)"
COMPARED = (
    Printed("bicubic", WANG, ((30.01, 0.8611), (27.11, 0.7710), (26.18, 0.7189))),
    Printed("srcnn", WANG, ((30.22, 0.8653), (27.34, 0.7751), (26.49, 0.7131))),
    Printed("drcn", WANG, ((31.66, 0.8762), (28.21, 0.7812), (27.30, 0.7255))),
    Printed("srgan", WANG, ((30.17, 0.8721), (27.02, 0.7837), (26.36, 0.7387))),
    Printed("cascade-gan", WANG, ((32.55, 0.9122), (28.88, 0.7866), (27.84, 0.7579))),
)

KIM_VDSR = "Kim et al., Accurate Image Super-Resolution Using Very Deep Convolutional Networks (CVPR 2016)"
KIM_DRCN = "Kim et al., Deeply-Recursive Convolutional Network for Image Super-Resolution (CVPR 2016)"
LEDIG = "Ledig et al., Photo-Realistic Single Image Super-Resolution Using a GAN (CVPR 2017)"
ORIGINAL = (
    Printed("bicubic", KIM_VDSR, ((28.42, 0.8104), (26.00, 0.7027), (25.96, 0.6675))),
    Printed("srcnn", KIM_VDSR, ((30.48, 0.8628), (27.49, 0.7503), (26.90, 0.7101))),
    Printed("vdsr", KIM_VDSR, ((31.35, 0.8838), (28.01, 0.7674), (27.29, 0.7251))),
    Printed("drcn", KIM_DRCN, ((31.53, 0.8854), (28.02, 0.7670), (27.23, 0.7233))),
    Printed("srresnet", LEDIG, ((32.05, 0.9019), (28.49, 0.8184), (27.58, 0.7620))),
    Printed("srgan", LEDIG, ((29.40, 0.8472), (26.02, 0.7397), (25.16, 0.6688))),
)


def gain(table: tuple[Printed, ...], model: str, set_name: str) -> float | None:
    """PSNR of ``model`` over the same table's bicubic in dB, or None where either is not printed."""
    by_name = {row.model: row.psnr(set_name) for row in table}
    base, found = by_name.get("bicubic"), by_name.get(model)
    return None if base is None or found is None else found - base
