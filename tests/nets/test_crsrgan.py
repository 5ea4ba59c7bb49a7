import pytest
import torch

from relume.nets.cascade import Cascade, CascadeShape
from relume.nets.crsrgan import Crsrgan, CrsrganShape, from_cascade
from relume.nets.relic_colour import ColourBranch, ColourShape, bend, levels, look_up, seen

SMALL = CrsrganShape(channels=8, groups=(2, 1, 1))


def random_branch() -> ColourBranch:
    branch = ColourShape(side=5, knots=5, bins=8, view=16, thumb=2, hidden=16).build()
    torch.manual_seed(0)
    for weight in branch.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return branch.eval()


def test_one_pass_gives_every_scale():
    pictures = Crsrgan(SMALL)(torch.rand(2, 3, 9, 7))
    assert {scale: tuple(p.shape) for scale, p in pictures.items()} == {s: (2, 3, 9 * s, 7 * s) for s in (1, 2, 4)}


def test_the_papers_size_by_default():
    shape = CrsrganShape()
    assert sum(shape.groups) >= 16
    assert len(shape.groups) >= 3


def test_radius_bounds_what_a_pixel_sees():
    shape = CrsrganShape(channels=4, groups=(1, 1))
    net = Crsrgan(shape)
    size = 2 * shape.radius + 9
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    centre = size // 2
    net(x)[4][0, :, 4 * centre : 4 * centre + 4, 4 * centre : 4 * centre + 4].sum().backward()
    reach = (x.grad.abs().sum((0, 1)).nonzero() - centre).abs().max().item()
    assert 2 <= reach <= shape.radius


def test_a_fusion_lets_a_group_see_all_earlier_ones():
    net = Crsrgan(SMALL)
    last = net.fusions[-1].conv
    assert last.weight.shape[1] == 4 * 8
    torch.nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.weight[:, :8, 0, 0] = torch.eye(8)  # the entry alone: the groups no longer matter
        x = torch.rand(1, 3, 6, 6)
        before = net(x, (2,))[2]
        net.groups[1][0].second.weight.fill_(1)
        assert torch.equal(net(x, (2,))[2], before)


def test_it_takes_over_a_cascade_without_a_change_at_x4():
    cascade = Cascade(CascadeShape(channels=8, units=(1, 1, 1)))
    net = Crsrgan(SMALL)
    net.load_state_dict(from_cascade(cascade.state_dict(), net))
    x = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(net(x)[4], cascade(x)[4])
    with pytest.raises(ValueError, match="does not fit"):
        from_cascade(Cascade(CascadeShape(channels=8, units=(3, 2, 2))).state_dict(), net)


def test_the_colour_branch_begins_with_hardly_a_change():
    x = 0.3 + 0.4 * torch.rand(1, 3, 20, 30)
    torch.testing.assert_close(look_up(ColourBranch()(x), x), x, atol=0.01, rtol=0)


def test_all_the_way_with_nothing_learned_is_auto_levels():
    branch, x = ColourBranch(), 0.3 + 0.4 * torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        branch.way.bias.fill_(40.0)
    low, high = levels(x)
    assert (x < low).float().mean() == pytest.approx(0.005, abs=0.001)
    assert (x > high).float().mean() == pytest.approx(0.005, abs=0.001)
    stretched = (x - low) / (high - low)
    torch.testing.assert_close(look_up(branch.eval()(x), x), stretched, atol=1e-3, rtol=0)


def test_the_levels_of_one_colour_are_kept_apart():
    low, high = levels(torch.full((1, 3, 8, 8), 0.5))
    torch.testing.assert_close(high - low, torch.full((1, 3, 1, 1), 0.1))


def test_the_table_is_the_curves_and_the_mix():
    branch, x = random_branch(), torch.rand(2, 3, 12, 10)
    curves, mix = branch.change(seen(x, branch.shape))
    torch.testing.assert_close(look_up(branch(x), x).flatten(2), bend(curves, mix, x.flatten(2)), atol=1e-5, rtol=0)


def test_curves_rise_and_the_mix_keeps_gray():
    branch = random_branch()
    curves, mix = branch.change(seen(torch.rand(3, 3, 16, 16), branch.shape))
    assert (curves.diff(dim=2) >= 0).all()
    torch.testing.assert_close(mix.sum(2), torch.ones(3, 3))


def test_colour_is_of_the_whole_and_can_be_left_out():
    torch.manual_seed(0)
    with_colour = Crsrgan(CrsrganShape(channels=8, groups=(1,), colour=True))
    assert with_colour.colour is not None
    assert Crsrgan(CrsrganShape(channels=8, groups=(1,))).colour is None
