import pytest
import torch

from relume.nets.cascade import Cascade, CascadeShape, regroup
from relume.nets.residual_designs import GlobalResidual, LocalSkips, Recursion, RecursionAndResidual
from relume.train.export import count_parameters

SMALL = CascadeShape(channels=8, units=(2, 1, 1))


def test_one_pass_gives_every_scale():
    pictures = Cascade(SMALL)(torch.rand(2, 3, 9, 7))
    assert {scale: tuple(p.shape) for scale, p in pictures.items()} == {s: (2, 3, 9 * s, 7 * s) for s in (2, 3, 4)}


def test_one_scale_alone_equals_the_whole_pass():
    net = Cascade(SMALL)
    x = torch.rand(1, 3, 8, 8)
    whole = net(x)
    for scale in (2, 3, 4):
        assert torch.equal(net(x, (scale,))[scale], whole[scale])


def test_radius_bounds_what_a_pixel_sees():
    shape = CascadeShape(channels=4, units=(1, 1, 1), recursions=2)
    net = Cascade(shape)
    size = 2 * shape.radius + 9
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    centre = size // 2
    net(x)[4][0, :, 4 * centre : 4 * centre + 4, 4 * centre : 4 * centre + 4].sum().backward()
    seen = x.grad.abs().sum((0, 1)).nonzero()
    reach = (seen - centre).abs().max().item()
    assert 2 <= reach <= shape.radius


def test_recursion_shares_its_weights():
    once = CascadeShape(channels=8, units=(1, 1, 1), recursions=1)
    often = CascadeShape(channels=8, units=(1, 1, 1), recursions=4)
    assert count_parameters(Cascade(once)) == count_parameters(Cascade(often))
    extra = 3 * 3 * 2 * 9 * 8 * 8  # three more passes through three cells of two convolutions
    assert often.macs()["x4"] == once.macs()["x4"] + extra


def test_nothing_normalises_over_the_batch():
    assert not any("Norm" in type(m).__name__ for m in Cascade(SMALL).modules())


def test_untrained_cascade_is_near_the_bilinear_enlargement():
    x = torch.full((1, 3, 8, 8), 0.5)
    for picture in Cascade(SMALL)(x).values():
        assert (picture - 0.5).abs().mean() < 0.5


@pytest.mark.parametrize("bad", [{"units": (1, 1)}, {"scales": (4, 3, 2)}, {"recursions": 0}])
def test_shapes_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        CascadeShape(**bad)


def test_four_designs_have_equal_parameters():
    nets = [LocalSkips(8, 2, 4), GlobalResidual(8, 2, 4), Recursion(8, 2, 4, 3), RecursionAndResidual(8, 2, 4, 3)]
    assert len({count_parameters(net) for net in nets}) == 1
    for net in nets:
        assert net(torch.rand(1, 3, 6, 5)).shape == (1, 3, 24, 20)


def test_dealing_units_anew_keeps_what_the_last_stage_computes():
    before, after = (
        Cascade(CascadeShape(channels=8, units=(3, 2, 2))),
        Cascade(CascadeShape(channels=8, units=(5, 1, 1))),
    )
    after.load_state_dict(regroup(before.state_dict(), (5, 1, 1)))
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(before(x)[4], after(x)[4])
    assert not torch.equal(before(x)[2], after(x)[2])
    with pytest.raises(ValueError, match="7 units cannot"):
        regroup(before.state_dict(), (2, 2, 2))
