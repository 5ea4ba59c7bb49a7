import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from relume.runtime.options import Options
from relume.runtime.pictures import exif, icc, iptc, metadata, open_source
from relume.runtime.pictures.kinds import sniff
from relume.runtime.restore import output_suffix, restore_bytes
from relume.signal import InputRejected, OutputRefused

TWICE = Options(scale=2, model="bicubic")
LOSSLESS = [(".png", {}), (".tif", {}), (".tif", {"compression": "lzw"}), (".webp", {"lossless": True})]


def again(data: bytes, suffix: str, options: Options = TWICE) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(restore_bytes(data, suffix, options)[0], "")


@pytest.mark.parametrize(("suffix", "options"), LOSSLESS)
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_goes_in_comes_out(
    make: ModuleType, suffix: str, options: dict[str, object], bands: int, dtype: type
) -> None:
    if suffix == ".webp" and (dtype is np.uint16 or bands < 3):
        pytest.skip("WebP holds 8-bit RGB")
    array = make.smooth(33, 47, bands, dtype)
    data = make.encoded(array, suffix, **options)
    found = make.decoded(restore_bytes(data, suffix, TWICE)[0])
    assert found.dtype == dtype and found.shape == (66, 94, bands)
    if bands in (1, 3):
        once = found.reshape(33, 2, 47, 2, bands).mean((1, 3))
        assert np.abs(once - array).mean() < 0.02 * np.iinfo(dtype).max


def test_jpeg_stays_jpeg_and_gray_stays_gray(make: ModuleType) -> None:
    for bands in (1, 3):
        data, result = restore_bytes(make.encoded(make.smooth(30, 30, bands), ".jpg"), ".jpg", TWICE)
        assert data[:3] == b"\xff\xd8\xff" and result.bands == bands
        assert make.decoded(data).shape == (60, 60, bands)


def test_a_jpeg_of_16_bits_says_that_it_holds_8(make: ModuleType) -> None:
    result = restore_bytes(make.encoded(make.smooth(9, 9, 3, np.uint16), ".png"), ".jpg", TWICE)[1]
    assert result.depth == 8 and any("8 bits" in note for note in result.notes)


def test_jpeg_is_no_place_for_transparency(make: ModuleType) -> None:
    with pytest.raises(OutputRefused, match="transparency"):
        restore_bytes(make.encoded(make.smooth(9, 9, 4), ".png"), ".jpg", TWICE)
    with pytest.raises(OutputRefused, match="16383"):
        restore_bytes(make.encoded(make.smooth(1, 8200), ".png"), ".webp", TWICE)


def test_float_tiff_stays_float(make: ModuleType) -> None:
    for bands in (1, 3, 4):
        stream = io.BytesIO()
        array = make.smooth(40, 30, bands, np.float32)
        kind = "rgb" if bands > 2 else "minisblack"
        extra = ["unassalpha"] if bands == 4 else None
        tifffile.imwrite(stream, array[..., 0] if bands == 1 else array, photometric=kind, extrasamples=extra)
        data, result = restore_bytes(stream.getvalue(), ".tif", TWICE)
        found = tifffile.imread(io.BytesIO(data))
        assert found.dtype == np.float32 and found.shape[:2] == (80, 60) and result.depth == 32
        assert make.decoded(data).shape == (80, 60, bands)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "NaN"), (1.5, "1.5"), (-0.25, "-0.25"), (np.inf, "inf")])
def test_float_values_outside_the_range_are_rejected(make: ModuleType, value: float, said: str) -> None:
    array = make.smooth(20, 20, 1, np.float32)
    array[15, 3] = value
    stream = io.BytesIO()
    tifffile.imwrite(stream, array[..., 0])
    with pytest.raises(InputRejected, match=said) as caught:
        restore_bytes(stream.getvalue(), ".tif", TWICE)
    assert caught.value.code == "unsupported"


def test_palette_and_bits_become_8_bit(make: ModuleType) -> None:
    array = make.smooth(20, 20)
    palette = Image.fromarray(array).quantize(16)
    stream = io.BytesIO()
    palette.save(stream, "PNG", transparency=3)
    assert again(stream.getvalue(), ".png").bands == 4
    stream = io.BytesIO()
    Image.fromarray(array).convert("1").save(stream, "PNG")
    assert again(stream.getvalue(), ".png").bands == 1


def test_cmyk_becomes_srgb_and_says_so(make: ModuleType) -> None:
    stream = io.BytesIO()
    Image.fromarray(make.smooth(20, 20)).convert("CMYK").save(stream, "JPEG")
    data, result = restore_bytes(stream.getvalue(), ".jpg", TWICE)
    assert make.decoded(data).shape == (40, 40, 3) and result.notes == ("CMYK converted to sRGB",)


def test_of_an_animation_the_first_frame(make: ModuleType) -> None:
    frames = [Image.fromarray(make.smooth(10, 12) // n) for n in (1, 2, 3)]
    for kind in ("GIF", "WEBP"):
        stream = io.BytesIO()
        frames[0].save(stream, kind, save_all=True, append_images=frames[1:])
        data, result = restore_bytes(stream.getvalue(), ".png", TWICE)
        assert make.decoded(data).shape[:2] == (20, 24)
        assert result.notes == ("animation: first of 3 frames",)


def test_of_a_tiff_the_first_page(make: ModuleType) -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for side in (8, 9):
            writer.write(make.smooth(side, side), photometric="rgb")
    data, result = restore_bytes(stream.getvalue(), ".tif", TWICE)
    assert make.decoded(data).shape == (16, 16, 3) and result.notes == ("first of 2 pages",)


def test_heic_becomes_png(make: ModuleType) -> None:
    """The sample is 64x48, turned by its EXIF orientation: white, red, green and black quarters."""
    source = Path(__file__).parent.parent / "data" / "small.heic"
    data, result = restore_bytes(source.read_bytes(), output_suffix(source), TWICE)
    array = make.decoded(data).astype(int)
    assert array.shape == (128, 96, 3) and result.depth == 8
    corners = array[np.ix_([16, -16], [16, -16])]
    expected = [[(20, 200, 30), (255, 255, 255)], [(0, 0, 0), (230, 20, 20)]]
    assert np.abs(corners - expected).max() < 16
    with Image.open(io.BytesIO(data)) as image:
        found = image.getexif()
        assert found[0x0110] == "Box 120" and found.get(0x0112, 1) == 1
        assert image.info["icc_profile"] == make.rgb_profile(2.2)


def test_bmp_of_every_common_kind(make: ModuleType) -> None:
    for mode, bands in (("1", 1), ("L", 1), ("P", 3), ("RGB", 3), ("RGBA", 3)):
        stream = io.BytesIO()
        Image.fromarray(make.smooth(10, 14)).convert(mode).save(stream, "BMP", dpi=(300, 300))
        out = again(stream.getvalue(), ".png")
        assert (out.width, out.height, out.bands) == (28, 20, bands)
        assert out.xres == pytest.approx(300 / 25.4, rel=1e-3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_once_and_reset(make: ModuleType, kind: str, orientation: int) -> None:
    array = np.zeros((24, 40, 3), np.uint8)
    array[:12, :20], array[:12, 20:], array[12:, :20] = 255, (255, 0, 0), (0, 255, 0)
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind, exif=make.exif(orientation))
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(stream.getvalue()))).convert("RGB"))
    suffix = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif"}[kind]
    out = again(stream.getvalue(), suffix)
    assert (out.height, out.width) == (2 * upright.shape[0], 2 * upright.shape[1])
    corners = np.ix_([6, -7], [6, -7])
    assert (
        np.abs(out.numpy()[2:-2, 2:-2][corners].astype(int) - upright[1:-1, 1:-1][np.ix_([3, -4], [3, -4])]).max() < 40
    )
    assert not out.get_typeof("orientation") or out.get("orientation") == 1


XMP = (
    b'<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'dc:format="kept"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def tagged(make: ModuleType, suffix: str) -> bytes:
    """A picture with a profile, EXIF, XMP, IPTC and 300 dpi, whose EXIF has come through one restoration."""
    stream = io.BytesIO()
    image = Image.fromarray(make.smooth(24, 16))
    image.save(stream, "JPEG", exif=make.exif(), icc_profile=make.srgb_profile(), dpi=(300, 300))
    whole = pyvips.Image.new_from_buffer(stream.getvalue(), "").copy()
    whole.set_type(pyvips.GValue.blob_type, "xmp-data", XMP)
    whole.set_type(pyvips.GValue.blob_type, "iptc-data", iptc.wrapped(b"\x1c\x02\x05\x00\x05title"))
    return restore_bytes(whole.write_to_buffer(".jpg"), suffix, TWICE)[0]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_metadata_is_kept(make: ModuleType, suffix: str) -> None:
    data = restore_bytes(tagged(make, suffix), suffix, TWICE)[0]
    with Image.open(io.BytesIO(data)) as image:
        found = image.getexif()
        assert (found[0x010F], found[0x0110]) == ("Lens & Son", "Box 120")
        assert found.get_ifd(0x8769)[0x9003] == "1923:04:05 06:07:08"
        assert found.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 125)
        assert found.get_ifd(0x8825)[2] == pytest.approx((47.0, 30.0, 15.5))
        assert image.info["icc_profile"] == make.srgb_profile()
    out = pyvips.Image.new_from_buffer(data, "")
    xmp = bytes(out.get("xmp-data")).decode()
    assert 'dc:format="kept"' in xmp and "Orientation" not in xmp
    assert xmp.count("algorithmicallyEnhanced</Iptc4xmpExt:DigitalSourceType>") == 1
    if suffix in (".jpg", ".tif"):
        assert open_source(data, max_pixels=9999, max_memory=1 << 20).metadata.fields["iptc-data"].endswith(b"title")
    if suffix == ".webp":
        assert out.get("exif-ifd0-XResolution").startswith("300")
    else:
        assert out.xres == pytest.approx(300 / 25.4, rel=1e-3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_strip_drops_all_but_what_shows_the_picture_rightly(make: ModuleType, suffix: str) -> None:
    data = restore_bytes(tagged(make, suffix), suffix, Options(scale=2, model="bicubic", strip=True))[0]
    assert b"Lens & Son" not in data and b"1923" not in data and b'dc:format="kept"' not in data
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == make.srgb_profile()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_wide_gamut_survives_to_the_last_bit_or_nearly(make: ModuleType, suffix: str) -> None:
    """A flat picture in a colour that sRGB cannot show comes back the same, profile and all."""
    profile = make.rgb_profile(2.2)
    array = np.empty((16, 16, 3), np.uint16)
    array[:] = (100, 65500, 300)
    image = pyvips.Image.new_from_array(array).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    out = again(image.write_to_buffer(suffix), suffix)
    assert bytes(out.get("icc-profile-data")) == profile
    assert np.abs(out.numpy().astype(int) - array[0, 0]).max() <= 1


def test_linear_light_is_worked_on_in_a_perceptual_coding(make: ModuleType) -> None:
    """An edge between black and white in linear light overshoots as it would in sRGB, and flats come back exactly."""
    profile = make.rgb_profile(1.0)
    assert icc.tone_curve(profile) is not None and icc.tone_curve(make.rgb_profile(1.8)) is None
    array = np.full((16, 16, 3), 700, np.uint16)
    array[:, 8:] = 50000
    image = pyvips.Image.new_from_array(array).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    found = again(image.write_to_buffer(".png"), ".png").numpy().astype(int)
    assert np.abs(found[:, :10] - 700).max() <= 2 and np.abs(found[:, -10:] - 50000).max() <= 2
    middle = found[8, 14:18, 0] / 65535
    assert middle[1] < 0.25 * (700 + 50000) / 65535


def test_a_profile_of_another_space_is_dropped_and_that_is_said(make: ModuleType) -> None:
    data = make.by_pillow(make.smooth(8, 8, 1), "JPEG", icc_profile=make.rgb_profile())
    source = open_source(data, max_pixels=1 << 20, max_memory=1 << 28)
    assert source.metadata.profile == b""
    assert source.notes == ("ICC profile not kept: it is RGB, the picture GRAY",)


def test_gray_profiles_and_parametric_curves_are_understood() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert icc.space(profile) == "RGB" and icc.tone_curve(profile) is None
    assert icc.space(b"short") == "" and icc.tone_curve(b"short") is None


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_profile_or_none(noise: bytes) -> None:
    head = bytes(36) + b"acsp" + bytes(88)
    icc.tone_curve(head + noise)
    assert isinstance(icc.space(head + noise), str)


@given(st.binary(max_size=400))
def test_any_bytes_are_exif_or_a_bad_directory(noise: bytes) -> None:
    for head in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0", b""):
        for read in (exif.from_tiff, exif.upright):
            try:
                found = read(head + noise)
            except exif.BadDirectory as error:
                assert str(error)
            else:
                assert len(found) == (2 if read is exif.from_tiff else len(head + noise))
        assert exif.tiff_compression(head + noise)


def test_exif_that_makes_no_sense_is_dropped_and_that_is_said(make: ModuleType) -> None:
    data = make.by_pillow(make.smooth(8, 8), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0")
    for suffix in (".jpg", ".tif"):
        out, result = restore_bytes(data, suffix, TWICE)
        assert make.decoded(out).shape == (16, 16, 3) and "EXIF not kept" in result.notes[0]


def test_a_description_of_the_old_shape_is_not_carried_over(make: ModuleType) -> None:
    stream = io.BytesIO()
    tifffile.imwrite(stream, make.smooth(9, 7), photometric="rgb")
    assert b'"shape"' in stream.getvalue()
    assert tifffile.imread(io.BytesIO(restore_bytes(stream.getvalue(), ".tif", TWICE)[0])).shape == (18, 14, 3)


def test_exif_goes_into_big_tiff_too(make: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "big.tif"
    tifffile.imwrite(path, make.smooth(9, 9), photometric="rgb", bigtiff=True)
    exif.graft(path, make.exif(6).tobytes(), b"records")
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert page.tags["Make"].value == "Lens & Son" and page.asarray().shape == (9, 9, 3)
        assert page.tags["ExifTag"].value["DateTimeOriginal"] == "1923:04:05 06:07:08"
    blob, records = exif.from_tiff(path)
    assert b"Box 120" in blob and records == b"records"
    assert exif.from_tiff(blob[6:]) == (blob, b"")


@given(st.binary(max_size=300), st.binary(max_size=80))
def test_iptc_is_unwrapped_as_it_was_wrapped(records: bytes, noise: bytes) -> None:
    assert iptc.unwrapped(iptc.wrapped(records)) == records
    assert isinstance(iptc.unwrapped(b"Photoshop 3.0\0" + noise), bytes)
    other = b"8BIM\x03\xed\x03abc\0\0\0\x03xyz\0"
    assert iptc.unwrapped(b"Photoshop 3.0\0" + other + iptc.wrapped(records)[14:]) == records


@given(st.text(max_size=300))
def test_any_xmp_ends_with_one_declaration(text: str) -> None:
    once = metadata.declare(text.encode("utf-8", "surrogatepass"), "URI:one")
    twice = metadata.declare(once, "URI:two").decode()
    assert twice.count("DigitalSourceType>URI:two<") == 1 and "URI:one" not in twice


def test_a_damaged_packet_is_replaced_and_an_empty_one_filled() -> None:
    for packet in (b"", b"\xff\xfe", b"<rdf:RDF xmlns:rdf='r'/>", b"<rdf:RDF>"):
        found = metadata.declare(packet, "URI").decode()
        assert found.count("</rdf:RDF>") == 1 and "DigitalSourceType>URI<" in found


@given(st.binary(max_size=64))
def test_sniffing_takes_any_bytes(head: bytes) -> None:
    assert sniff(head) in (None, "png", "jpeg", "webp", "tiff", "heif", "gif", "bmp")
