"""The shipped weights by name, each with its sha256, and the card that every ONNX file of ours carries.

To ship a model: put the export into ``relume/weights/`` and add one line to ``SHIPPED``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relume.card import KEY, ModelCard
from relume.runtime import wire
from relume.signal import ModelError

WEIGHTS = Path(__file__).parent.parent / "weights"

SHIPPED: dict[str, tuple[str, str]] = {
    "denoise-light": ("denoise-light.onnx", "99212b197ff8c267d263e8f3bbdf819b3a0f8fde0d3113e19d4525046ae67491"),
    "denoise": ("denoise.onnx", "846f9d80f96cd46837aea4a4c0a3c24c5ba7bbe2aae5d6cddf748903be2a72da"),
    "repair": ("repair.onnx", "fa940483e6869a80fffe1d6a4d6425219b35508de3cc091c268fbe254c021e86"),
    "damage-mask": ("damage-mask.onnx", "ea71f51ceb10f79caab1a0e1523a0544e83e321a264c6ed68fabc693a6be7acb"),
    "colorize": ("colorize.onnx", "06223be8370a891dcb87ec030e8c33a32d7eb6c678f4819b891026c29be8983e"),
    "depixelate": ("depixelate.onnx", "e18ef832e606524526d8cff58cb44cd341b4d71025e33a46a9e527ed17f3b539"),
    "cascade-psnr": ("cascade-psnr.onnx", "e9c650c54cfade418c2c4a01e3b18d1364d8df7c7f5bc6f71f0c499d9fd2d741"),
    "cascade-quartet": ("cascade-quartet.onnx", "6fb0e72187c8a00bebcc15a23539c356cfb53a94d3d6935d43190296d9f830fa"),
    "cascade-real": ("cascade-real.onnx", "d802347bb507424d41cbad6622f692c7d87d64f8b4ad4ec8ccbbd0c67f26ad56"),
    "cascade-real-gan": ("cascade-real-gan.onnx", "ef17d59558bbaad79c28a92f8ac390eb9252a4ff7b3063f97c1daf70e89a1df5"),
    "cascade-gan": ("cascade-gan.onnx", "c9b1661dc0934faacbbc45fa573c2da469d090f9bd5d3118056a51ef3c471a6d"),
    "srcnn": ("srcnn.onnx", "f4f4775297daf8e543c6a86bc3964864e61679238fd518619b8478de9cb85bae"),
    "vdsr": ("vdsr.onnx", "b11d95db7058921e33c1c0c6d06d1bdcda6427b44f96404aa57bfd33e17c7140"),
    "drcn": ("drcn.onnx", "c255177567fdd424c4d11c7a073959cc9281bc1f6534b23affb2674950007044"),
    "srresnet": ("srresnet.onnx", "57875469ae6e03829fc93b3b8982e3f6dd23b76dc7ee827f11436606794b416d"),
    "srgan": ("srgan.onnx", "b4f4106dcbc21ac61d4daf1a2c50087eb04f1eefe6fadd25f5526065cd6a15a0"),
    "lpips-alex": ("lpips-alex.onnx", "2a5572fdf58b34049380f5925cd8c93358fda66bd7da546f0038a9d96e823dad"),
    "link-ae1-decoder": ("link-ae1-decoder.onnx", "a0ff4f13af5a3557b014841bb2e9baa7128544ce573f18f437c587206e93d615"),
    "link-ae1-encoder": ("link-ae1-encoder.onnx", "88619c90488ac7947bca565e839411a783bb77360a3478ae34abf0ffc646c68d"),
    "link-ae2-decoder": ("link-ae2-decoder.onnx", "2f76c572b3e499a5c0e8d32ae90fe54041a5f041fc2bfbdf6e398dc8be239145"),
    "link-ae2-encoder": ("link-ae2-encoder.onnx", "62507997e002c5d9c8790f47934a59a3fb862b4a16dc7ce8d1a7982df392a3ac"),
    "link-ae22-decoder": ("link-ae22-decoder.onnx", "607dabfe06abeb2f6fd1572a67475c36de8a5c02f40bae9c60e822c2c45746e7"),
    "link-ae22-encoder": ("link-ae22-encoder.onnx", "9dfb1c7d3e7c890af84ec6cdd88be7c07734497014c9d7338dcf1562a0b3c84a"),
    "link-ae4-decoder": ("link-ae4-decoder.onnx", "20871a1a5f383945d7a76ac548937ef3f43e182a033fde43d76c42e0c626c167"),
    "link-ae4-encoder": ("link-ae4-encoder.onnx", "8b02065eb52c57bbf32b9e0e09c9dc91d3eaa7a479ed022fab3cddac0d26c263"),
    "link-ae4-low-decoder": (
        "link-ae4-low-decoder.onnx",
        "4063e2b7c8c602d47a87fba8319f72da73d82190facbc233e82e52b337d012ee",
    ),
    "link-ae4-low-encoder": (
        "link-ae4-low-encoder.onnx",
        "7b1f63f11c564363e16a312181748bf310003b0eee2079edf666ed9e83f094b8",
    ),
    "link-ae74-decoder": ("link-ae74-decoder.onnx", "b70d3df4ab052c6ea67fe3d99f09c0ca81a8f24b1e15097f62158ecfb6aa539d"),
    "link-ae74-encoder": ("link-ae74-encoder.onnx", "cb384db6cc7314d980a46f5a546a628b346f7b0f8fac06bd02b491a149686bb3"),
    "link-drive": ("link-drive.onnx", "565c00c1427be0380d8d2b7a530ca69e5e525b026cf87a967cb7ce13d7a9cd42"),
    "link-static-decoder": (
        "link-static-decoder.onnx",
        "0a6a472b75c913f84b681fdf36a3f2eef5f80f433774b2ca43f26f88dbed0c16",
    ),
    "link-static-encoder": (
        "link-static-encoder.onnx",
        "428706db67bc63f985d45b7e279f03eec77f2c517596018e11be18fb764406d8",
    ),
    "relic-colour": ("relic-colour.onnx", "95fee16d8f87e464e0f2120cd502b7c7327e4fd24f8802d28f07feb5cc401235"),
    "relic-detail": ("relic-detail.onnx", "3f750ccda8869684faaf800531d579827b64d3a8fd5daeb737830d6a993a6fca"),
    "relic-detail-gan": ("relic-detail-gan.onnx", "6a9641786ed1b5e6488296acbac4199bd8a6724b122ae346f4209d01273056de"),
}
"""name -> (file in ``weights/``, sha256 of that file)"""

BICUBIC = ModelCard(
    name="bicubic",
    task="upscale",
    outputs={"x2": 2, "x3": 3, "x4": 4},
    radius=4,
    parameters=0,
    macs_per_pixel={"x2": 96, "x3": 216, "x4": 384},
    licence="Apache-2.0",
    data=(),
    recipe={},
    commit="",
    description="Keys' bicubic interpolation in MATLAB's convention, computed and not learned",
)


@dataclass(frozen=True)
class Model:
    """A model ready to be loaded; ``path`` and ``sha256`` are None for the computed ``bicubic``."""

    name: str
    card: ModelCard
    path: Path | None
    sha256: str | None


def names() -> tuple[str, ...]:
    """The names of all shipped models, the computed ``bicubic`` last."""
    return (*SHIPPED, BICUBIC.name)


def find(name: str) -> Model:
    """The shipped model of that name, or the ONNX file of ours at that path; its sha256 is verified or computed.

    Raises ModelError if there is no such model, or if its file is missing, damaged or not one of ours.
    """
    if name == BICUBIC.name:
        return Model(name, BICUBIC, None, None)
    if name in SHIPPED:
        file, expected = SHIPPED[name]
        path = WEIGHTS / file
    elif name.endswith(".onnx"):
        path, expected = Path(name), ""
    else:
        raise ModelError(f"no model is called '{name}'; there are {', '.join(names())}, or give the path of an .onnx")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the weights of '{name}' cannot be read ({error.strerror})") from error
    found = hashlib.sha256(data).hexdigest()
    if expected and found != expected:
        raise ModelError(f"{path}: damaged, its sha256 is {found[:12]}..., not {expected[:12]}...; reinstall relume")
    return Model(name, read_card(data, str(path)), path, found)


def installed(name: str) -> str | None:
    """The sha256 of the weights that ``name`` stands for here; None where there are none."""
    try:
        return find(name).sha256
    except ModelError:
        return None


def read_card(data: bytes, where: str) -> ModelCard:
    """The card in the bytes of an ONNX file; ``where`` names the file in the error."""
    try:
        entries = dict(_metadata(memoryview(data)))
    except (IndexError, ValueError) as error:
        raise ModelError(f"{where}: not an ONNX file") from error
    if KEY not in entries:
        raise ModelError(f"{where}: an ONNX file without a relume model card; export it with 'relume export'")
    return ModelCard.from_json(entries[KEY])


_METADATA, _KEY, _VALUE = 14, 1, 2
"""Field numbers in onnx.proto: ModelProto.metadata_props, StringStringEntryProto.key and .value."""


def _metadata(data: memoryview) -> Iterator[tuple[str, str]]:
    for field, content in wire.blobs(data):
        if field == _METADATA:
            entry = dict(wire.blobs(content))
            yield bytes(entry[_KEY]).decode(), bytes(entry[_VALUE]).decode()
