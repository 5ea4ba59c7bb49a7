import pytest
import torch

from relume.nets.branches import SIDES, Branches, BranchesShape, beside, seen_from
from relume.nets.cascade import Cascade, CascadeShape

SHAPE = CascadeShape(channels=8, units=(2, 1, 1))


def cascades(count):
    torch.manual_seed(0)
    return [Cascade(SHAPE) for _ in range(count)]


def look(net, x, side):
    """What ``net`` says of the picture turned and mirrored, turned back, by scale."""
    turns, mirrored = side
    seen = torch.rot90(x, turns, (2, 3))
    pictures = net(seen.flip(3) if mirrored else seen)
    back = {scale: picture.flip(3) if mirrored else picture for scale, picture in pictures.items()}
    return {scale: torch.rot90(picture, -turns, (2, 3)) for scale, picture in back.items()}


def test_all_eight_sides_are_different():
    x = torch.rand(1, 3, 6, 6)
    turned = [torch.rot90(x, turns, (2, 3)) for turns, _ in SIDES]
    seen = [x.flip(3) if mirrored else x for x, (_, mirrored) in zip(turned, SIDES, strict=True)]
    assert len(seen) == 8
    assert not any(torch.equal(a, b) for n, a in enumerate(seen) for b in seen[:n])


@pytest.mark.parametrize("side", SIDES)
def test_turning_the_kernels_is_turning_the_picture(side):
    (net,), other = cascades(1), Cascade(SHAPE)
    other.load_state_dict(seen_from(net.state_dict(), side))
    x = torch.rand(1, 3, 7, 5)
    expected = look(net, x, side)
    for scale, picture in other(x).items():
        torch.testing.assert_close(picture, expected[scale])


def test_branches_say_the_mean_of_what_the_cascades_say():
    nets = cascades(3)
    shape = BranchesShape(channels=8, units=(2, 1, 1), branches=3)
    net = Branches(shape)
    net.load_state_dict(beside([own.state_dict() for own in nets], shape))
    x = torch.rand(1, 3, 6, 9)
    looks = [look(own, x, side) for own, side in zip(nets, SIDES, strict=False)]
    for scale, picture in net(x).items():
        torch.testing.assert_close(picture, sum(own[scale] for own in looks) / 3)


def test_what_cannot_stand_beside_each_other_is_refused():
    weights = [net.state_dict() for net in cascades(2)]
    with pytest.raises(ValueError, match="2 cascades for 3"):
        beside(weights, BranchesShape(channels=8, units=(2, 1, 1), branches=3))
    with pytest.raises(ValueError, match="does not have the units"):
        beside(weights, BranchesShape(channels=8, units=(1, 1, 1), branches=2))
    with pytest.raises(ValueError, match="9 cascades"):
        beside(weights[:1] * 9, BranchesShape(channels=8, units=(2, 1, 1), branches=9))


@pytest.mark.parametrize("bad", [{"branches": 0}, {"recursions": 2}, {"units": (1,)}])
def test_shapes_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        BranchesShape(**bad)
