import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.signal import ModelError, RelumeError
from relume.train.equilibrium import HOLD, VALUE, Curve, crossing, read_curve, smoothed, stand
from relume.train.equilibrium_figure import draw_curve
from relume.train.health import PATIENCE, Collapsed, Health, Pulse
from relume.train.loop import Diverged, load_checkpoint


def test_at_equilibrium_the_value_is_minus_two():
    at = stand(torch.zeros(50, 1), torch.zeros(50, 1))
    assert at.value == pytest.approx(VALUE)
    assert at.critic == pytest.approx(1) and at.generator == pytest.approx(1)
    assert at.distance == pytest.approx(0, abs=1e-6) and at.accuracy == 0.5


def test_the_value_is_eq_2_in_bits():
    real, fake = torch.tensor([1.0, -2.0, 0.3]), torch.tensor([0.5, -1.0])
    expected = torch.log2(torch.sigmoid(real)).mean() + torch.log2(1 - torch.sigmoid(fake)).mean()
    at = stand(real, fake)
    assert at.value == pytest.approx(float(expected), abs=1e-6)
    assert at.generator == pytest.approx(-float(torch.log2(torch.sigmoid(fake)).mean()), abs=1e-6)
    assert at.accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_smoothing_is_the_mean_of_the_last_ten(values):
    curve = np.array(values)
    expected = [curve[max(0, k - 9) : k + 1].mean() for k in range(len(curve))]
    np.testing.assert_allclose(smoothed(curve), expected, atol=1e-9)


def curves(*parts):
    return np.concatenate([np.full(count, value, float) for count, value in parts])


def test_a_start_at_one_is_no_crossing():
    flat = curves((200, 1.0))
    assert crossing(flat, flat) is None


def test_the_crossing_is_the_return_after_departure():
    critic, generator = curves((30, 1), (50, 0.3), (100, 1)), curves((30, 1), (50, 2.5), (100, 1))
    met = crossing(critic, generator)
    # the last value outside is number 80; ten ones later the average holds none of them
    assert met == 90


def test_a_visit_shorter_than_the_hold_does_not_count():
    for length, met in ((HOLD + 8, None), (HOLD + 9, 60)):
        visit = curves((50, -50), (length, 1), (50, -50))
        assert crossing(visit, visit) == met
    one_curve_away = curves((300, 1.0))
    assert crossing(curves((300, 0.4)), one_curve_away) is None


def test_a_resumed_curve_replaces_what_it_repeats(tmp_path):
    path = tmp_path / "equilibrium.csv"
    first, again = Curve(path), Curve(path)
    for step in range(5):
        first.add(step, stand(torch.zeros(4), torch.zeros(4)))
    first.write()
    for step in range(3, 8):
        again.add(step, stand(torch.ones(4), torch.zeros(4)))
    again.write()
    rows = read_curve(path)
    assert [row[0] for row in rows] == list(range(8))
    assert rows[2][1] == pytest.approx(-2) and rows[3][1] > -2


def test_a_foreign_curve_is_named(tmp_path):
    (tmp_path / "equilibrium.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ModelError, match=r"equilibrium\.csv"):
        read_curve(tmp_path / "equilibrium.csv")
    with pytest.raises(ModelError, match="no equilibrium"):
        draw_curve(tmp_path / "none", tmp_path / "a.png")


def test_a_curve_is_drawn(tmp_path):
    curve = Curve(tmp_path / "equilibrium.csv")
    for step in range(30):
        curve.add(step, stand(torch.zeros(4), torch.zeros(4)))
    curve.write()
    assert "do not meet" in draw_curve(tmp_path, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


FINE = stand(torch.tensor([0.1, -0.1]), torch.tensor([0.1, -0.1]))
HOPELESS = stand(torch.tensor([0.1, -0.1]), torch.full((4,), -70.0))
LOST = stand(torch.full((4,), 9.0), torch.full((4,), -9.0))


@pytest.fixture
def watch(tmp_path):
    """Health of one game, and a step of it."""
    health, net = Health(tmp_path, {"name": "mine"}), torch.nn.Linear(1, 1)

    def step(number, at=FINE, variety=1.0, **logged):
        health.check(number, net, {"generator": Pulse(at, variety)}, logged)

    return step


def test_divergence_stops_at_once_and_keeps_the_last_good(watch, tmp_path):
    watch(0)
    with pytest.raises(Diverged, match=r"'gradient_norm' is not a number.*good\.pt \(step 1\)"):
        watch(7, gradient_norm=float("nan"))
    state = load_checkpoint(tmp_path / "good.pt")
    assert state["step"] == 1 and state["recipe"] == {"name": "mine"} and "weight" in state["average"]


@pytest.mark.parametrize(
    ("at", "variety", "told"),
    [(LOST, 1.0, "right 100.0 %"), (FINE, 0.001, "variance was 0.001"), (HOPELESS, 1.0, r"2\^-101 of a chance")],
)
def test_collapse_is_named_after_patience(watch, tmp_path, at, variety, told):
    for step in range(PATIENCE - 1):
        watch(step, at, variety)
    with pytest.raises(Collapsed, match=told) as caught:
        watch(PATIENCE, at, variety)
    assert isinstance(caught.value, RelumeError) and caught.value.code == "collapsed"
    assert "no good weights yet" in str(caught.value) and not (tmp_path / "good.pt").exists()


def test_one_better_step_does_not_hide_a_lost_game(watch):
    with pytest.raises(Collapsed):
        for step in range(2 * PATIENCE):
            watch(step, LOST if step % 150 else FINE)


def test_a_wasserstein_critic_gives_no_chances(tmp_path):
    health, net = Health(tmp_path, {"game": "wasserstein"}), torch.nn.Linear(1, 1)
    for step in range(2 * PATIENCE):
        health.check(step, net, {"generator": Pulse(LOST, 1.0)}, {})


def test_a_recovery_is_no_collapse(watch):
    for step in range(3 * PATIENCE):
        watch(step, LOST if step % PATIENCE > 4 else FINE)


def test_each_game_is_watched_by_itself(tmp_path):
    health, net = Health(tmp_path, {}), torch.nn.Linear(1, 1)
    with pytest.raises(Collapsed, match="the fading has collapsed"):
        for step in range(PATIENCE):
            health.check(step, net, {"emission": Pulse(FINE, 1.0), "fading": Pulse(FINE, 0.0)}, {})
    assert not (tmp_path / "good.pt").exists()
