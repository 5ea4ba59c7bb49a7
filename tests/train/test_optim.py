import torch

from relume.train.optim import Muon, optimisers, orthogonalise


def test_orthogonalise_brings_singular_values_near_one():
    matrix = torch.randn(16, 48, generator=torch.Generator().manual_seed(0))
    for m in (matrix, matrix.T):
        values = torch.linalg.svdvals(orthogonalise(m))
        assert values.min() > 0.3
        assert values.max() < 1.3


def test_muon_solves_a_least_squares_problem():
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(16, 16, generator=generator)
    weight = torch.zeros(16, 16, requires_grad=True)
    optimiser = Muon([weight], lr=0.05)
    for _ in range(300):
        loss = ((weight - truth) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def test_every_parameter_has_exactly_one_optimiser():
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 32, 3), torch.nn.Conv2d(32, 32, 3), torch.nn.Conv2d(32, 12, 3))
    owned = [id(p) for o in optimisers(net, "muon", 1e-3, (0.9, 0.99)) for g in o.param_groups for p in g["params"]]
    assert sorted(owned) == sorted(id(p) for p in net.parameters())
