import pytest
import torch

from relume.nets.filler import FillerShape, spread
from relume.nets.restorer import Restorer, RestorerShape, deepened

SHAPES = [
    RestorerShape(4, 3, (8, 12), (1, 2)),
    RestorerShape(3, 1, (8, 8, 8), (1, 1, 2), residual=False),
    RestorerShape(4, 2, (8, 8), (1, 1), stem=4, residual=False),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_planes_keep_their_size(shape):
    net = shape.build()
    side = 2 * shape.multiple
    planes = torch.rand(2, shape.inputs - 1, side, side + shape.multiple), torch.rand(2, 1, side, side + shape.multiple)
    assert net(*planes).shape == (2, shape.outputs, side, side + shape.multiple)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_beyond_the_radius_is_seen_and_something_near_it_is(shape):
    torch.manual_seed(0)
    net = shape.build().eval().double()
    length = 2 * (shape.radius // shape.multiple + 2) * shape.multiple
    x = torch.rand(1, shape.inputs, shape.multiple, length, dtype=torch.double)
    middle, furthest = length // 2, 0
    with torch.no_grad():
        before = net(x)
        for at in range(middle, middle + shape.multiple):
            changed = x.clone()
            changed[..., at] += 10
            moved = ((net(changed) - before).abs() > 1e-12).any(dim=(0, 1, 2)).nonzero()[:, 0]
            furthest = max(furthest, int((moved - at).abs().max()))
    assert shape.radius - shape.multiple <= furthest <= shape.radius


def test_macs_are_those_of_the_convolutions():
    shape = SHAPES[0]
    net, counted = shape.build(), 0
    side = 4 * shape.multiple

    def count(module, inputs, output):
        nonlocal counted
        counted += module.weight.numel() * output.shape[2] * output.shape[3]

    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    net(torch.rand(1, shape.inputs, side, side))
    assert counted == pytest.approx(shape.macs() * side * side)


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="one width and one depth"):
        RestorerShape(widths=(8, 8), depths=(1,))
    with pytest.raises(ValueError, match="as many inputs"):
        RestorerShape(inputs=1, outputs=3)


def test_a_filler_starts_at_the_interpolation_and_sees_no_further_than_it_says():
    shape = FillerShape(widths=(8, 8), depths=(1, 1), levels=3)
    net = shape.build().eval().double()
    x, mask = torch.rand(1, 3, 16, 96, dtype=torch.double), torch.zeros(1, 1, 16, 96, dtype=torch.double)
    mask[..., 4:8, 40:50] = 1
    with torch.no_grad():
        filled = net(x * (1 - mask), mask)
        torch.testing.assert_close(torch.where(mask > 0, x, filled), x)
        inside = spread(x, mask, shape.levels, shape.fall)[mask.expand_as(x) > 0]
        torch.testing.assert_close(filled[mask.expand_as(x) > 0], inside)
        torch.nn.init.normal_(net.net.head.weight)
        before = net(x * (1 - mask), mask)
        changed = x.clone()
        changed[..., 44 + shape.radius + 1 :] = 0
        moved = (net(changed * (1 - mask), mask) - before).abs()[..., :45].max()
    assert moved < 1e-12


def test_spreading_keeps_a_constant_and_does_not_see_the_hole():
    x, mask = torch.full((1, 3, 9, 9), 0.3), torch.zeros(1, 1, 9, 9)
    mask[..., 3:6, 3:6] = 1
    hidden = torch.where(mask > 0, torch.tensor(99.0), x)
    torch.testing.assert_close(spread(hidden, mask, 3, 0.3), x)


def test_a_network_with_one_level_more_begins_as_the_smaller_one() -> None:
    small = RestorerShape(3, 1, (4, 8), (1, 2), residual=False)
    large = RestorerShape(3, 1, (4, 8, 12), (1, 1, 1), residual=False)
    torch.manual_seed(0)
    learned, grown = Restorer(small), Restorer(large)
    grown.load_state_dict(deepened(learned.state_dict(), grown))
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(grown(x), learned(x), rtol=0, atol=0)
    again = deepened(grown.state_dict(), grown)
    assert again.keys() == grown.state_dict().keys()


def test_a_network_of_another_width_is_not_adopted() -> None:
    wide, grown = (
        RestorerShape(3, 1, (4, 6), (1, 2), residual=False),
        RestorerShape(3, 1, (4, 8, 12), (1, 1, 1), residual=False),
    )
    built = Restorer(grown)
    with pytest.raises(RuntimeError, match="size mismatch"):
        built.load_state_dict(deepened(wide.build().state_dict(), built))
