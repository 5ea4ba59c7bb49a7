"""``equal_budget``: every network of the comparison at x4 with the same pictures, steps, patches and schedule.

    relume train equal_budget.cascade --data DATA --out runs/equal/cascade
    relume train equal_budget.srcnn ... .vdsr .drcn .srresnet .srresnet_plain
    relume train equal_budget.design_local ... .design_global .design_recursion .design_both
    relume train equal_budget.quartet: four cascades beside each other, from scratch
    relume train equal_budget.unshared: the operations of design_both, every unit with weights of its own

Data: the paper's 291 pictures, T91 and BSD200 (the train part of BSDS500), less 302003, which is a Set5 picture;
rescaled by 1, 0.8 and 0.6, flipped and turned. The systems have 1,500 steps, the small twins of the designs 4,000.
Networks that restore luma are trained on luma, the others on colour.
The budget is of steps and patch area, not of operations: a step of VDSR costs twenty times one of the cascade, which
the table says beside each row. DRCN has 64 channels here; ``drcn256`` has the paper's 256, sixteen times the work.
Time and result: ``docs/benchmarks.md``, from ``results/equal-budget.json``.
"""

import dataclasses

from relume.card import TrainingSet
from relume.nets.branches import BranchesShape
from relume.nets.cascade import CascadeShape
from relume.nets.drcn import DrcnShape
from relume.nets.residual_designs import DesignShape
from relume.nets.shape import Shape
from relume.nets.srcnn import SrcnnShape
from relume.nets.srgan import SrresnetShape
from relume.nets.vdsr import VdsrShape
from relume.train.bsds import TEST_PART
from relume.train.data import DataSpec
from relume.train.recipe import Optim, SuperResolution
from relume.train.recursive import RecursiveSuperResolution

PAPER_DATA = DataSpec(
    folders=("sr-train/T91", "sr-train/BSDS398"),
    rescale=(1.0, 0.8, 0.6),
    held_out=6,
    exclude=("302003", *TEST_PART),
    terms=(TrainingSet("T91", "research"), TrainingSet("BSD200 less 302003", "non-commercial research and education")),
)
RECIPE = SuperResolution(
    name="equal-cascade",
    net=CascadeShape(),
    data=PAPER_DATA,
    steps=1500,
    batch=8,
    patch=16,
    scale_weights=(0.0, 0.0, 1.0),
    loss="l1",
    optim=Optim(choice="muon", lr=1e-3, warmup=100),
    validate_every=250,
)


def single(name: str, net: Shape) -> SuperResolution:
    """The same budget for a network of one scale."""
    return dataclasses.replace(RECIPE, name=f"equal-{name}", net=net, scale_weights=(1.0,))


def design(name: str, net: Shape) -> SuperResolution:
    """A design of Figure 4: small, so that it is trained for 4,000 steps."""
    return dataclasses.replace(single(name, net), steps=4000, validate_every=500)


def recursive(name: str, net: DrcnShape) -> RecursiveSuperResolution:
    """The same budget for a DRCN, with its recursive supervision."""
    plain = single(name, net)
    return RecursiveSuperResolution(**{f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)})


VARIANTS: dict[str, SuperResolution] = {
    "cascade": RECIPE,
    "srcnn": single("srcnn", SrcnnShape()),
    "vdsr": single("vdsr", VdsrShape()),
    "drcn": recursive("drcn", DrcnShape(channels=64)),
    "drcn256": recursive("drcn256", DrcnShape()),
    "srresnet": single("srresnet", SrresnetShape()),
    "srresnet_plain": single("srresnet_plain", SrresnetShape(normalise=False)),
    "quartet": dataclasses.replace(RECIPE, name="equal-quartet", net=BranchesShape(units=(3, 2, 2))),
    "design_local": design("design_local", DesignShape("local")),
    "design_global": design("design_global", DesignShape("global")),
    "design_recursion": design("design_recursion", DesignShape("recursion")),
    "design_both": design("design_both", DesignShape("both")),
    "unshared": design("unshared", DesignShape("both", depth=12, recursions=1)),
}
