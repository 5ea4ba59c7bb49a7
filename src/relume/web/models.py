"""What the API says, as types: the JSON answers and the OpenAPI document are both made from these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from relume.runtime.photo_options import read_hints
from relume.web.offers import AUTO, Offer
from relume.web.tables import DONE, FAILED, Job

HINTS_LENGTH = 4096
Status = Literal["queued", "running", "done", "failed", "cancelled"]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="The capability: whoever has it may see the picture.")]
View = Literal["before", "after", "thumb", "live", "heat", "mask", "zoom", "detail-2", "detail-3", "detail-4"]


class Model(BaseModel):
    """Base of all answers: no field but the ones that are named."""

    model_config = ConfigDict(extra="forbid")


class Problem(Model):
    """Why something was refused or failed: a stable code, and one line for people."""

    code: str
    message: str


class ProblemAnswer(Model):
    """The answer to a request that was refused."""

    error: Problem


class Source(Model):
    """The picture that was sent."""

    name: str
    format: str
    width: int
    height: int
    bytes: int
    gray: bool | None = Field(description="Whether it has no colour; null until it has been opened.")


class Progress(Model):
    """How far the restoration is: tiles done of all, 0 to 1, and seconds left where that can be told."""

    stage: str
    tiles_done: int
    tiles: int
    fraction: float = Field(ge=0, le=1)
    seconds_left: float | None


class Outcome(Model):
    """What came of it."""

    name: str
    width: int
    height: int
    bytes: int
    sha256: str
    model: str
    seconds: float = Field(description="Time of the restoration itself.")
    consistency_db: float | None = Field(description="How well the result agrees with the source, in dB; 120 at most.")
    notes: list[str]


class Links(Model):
    """Where the rest of it is."""

    self: str
    result: str
    record: str
    events: str


class Spot(Model):
    """A colour that is known at one pixel of the upright picture."""

    x: int
    y: int
    colour: str


class Restoration(Model):
    """One picture, what was asked for it, and how far it is."""

    id: Id
    status: Status
    task: str
    scale: int
    model: str
    consistent: bool
    strip: bool
    realism: float
    strength: float | None
    colour: bool
    hints: list[Spot]
    created: datetime
    ended: datetime | None
    position: int = Field(description="How many pictures are before this one; 0 where it does not wait.")
    source: Source
    progress: Progress
    views: list[View]
    result: Outcome | None
    error: Problem | None
    links: Links


class ChoiceAnswer(Model):
    """A model by name, and the scales that it has."""

    name: str
    text: str
    scales: list[int]


class OfferAnswer(Model):
    """A task, with what can be chosen for it."""

    task: str
    title: str
    text: str
    scales: list[int]
    scale: int
    models: list[ChoiceAnswer]
    dials: list[str]


class Offers(Model):
    """All that this page can do, and the largest picture that it takes."""

    tasks: list[OfferAnswer]
    max_bytes: int
    max_pixels: int


class Ask(BaseModel):
    """What can be asked for, as form fields beside ``image`` or as the query of a raw upload."""

    task: str = Field("upscale", description="A task of /offers.")
    scale: int | None = Field(None, description="The enlargement, one of the task's scales; else its own.")
    model: str = Field(AUTO, description="A model of the task, or auto.")
    consistent: bool = Field(False, description="Back-project until the result, made small again, is the source.")
    strip: bool = Field(False, description="Drop EXIF, XMP and IPTC.")
    realism: float = Field(0.0, ge=0, le=1, description="From 0 (faithful) to 1 (rich in texture, partly invented).")
    strength: float | None = Field(None, ge=0, le=1, description="From 0 (the original) to 1; else the task's own.")
    colour: bool = Field(False, description="Let the task photo give a gray picture colours.")
    hints: str = Field("", max_length=HINTS_LENGTH, description="Known colours: X,Y=#RRGGBB, with spaces between.")


def describe(job: Job, position: int, base: str) -> Restoration:
    """``job`` as the API tells it; ``base`` is where the restorations are, such as ``/api/v1/restorations``."""
    done = job.status == DONE
    fraction = 1.0 if done else min(1.0, job.tiles_done / job.tiles) if job.tiles else 0.0
    here = f"{base}/{job.id}"
    return Restoration(
        id=job.id,
        status=job.status,  # type: ignore[arg-type]  # the table holds nothing else
        task=job.task,
        scale=job.scale,
        model=job.model,
        consistent=job.consistent,
        strip=job.strip,
        realism=job.realism,
        strength=job.strength,
        colour=job.colour,
        hints=[Spot(x=x, y=y, colour=colour) for x, y, colour in read_hints(job.hints.split())],
        created=_moment(job.created),
        ended=None if job.ended is None else _moment(job.ended),
        position=position,
        source=Source(
            name=job.name,
            format=job.kind,
            width=job.width,
            height=job.height,
            bytes=job.source_bytes,
            gray=job.gray,
        ),
        progress=Progress(
            stage=job.stage,
            tiles_done=job.tiles_done,
            tiles=job.tiles,
            fraction=fraction,
            seconds_left=job.seconds_left,
        ),
        views=job.views.split(),  # type: ignore[arg-type]
        result=_outcome(job) if done else None,
        error=Problem(code=job.error_code, message=job.error_message) if job.status == FAILED else None,
        links=Links(self=here, result=f"{here}/result", record=f"{here}/record", events=f"{here}/events"),
    )


def _outcome(job: Job) -> Outcome:
    return Outcome(
        name=job.result_name,
        width=job.result_width or 0,
        height=job.result_height or 0,
        bytes=job.result_bytes,
        sha256=job.result or "",
        model=job.used_model,
        seconds=job.seconds or 0.0,
        consistency_db=job.consistency_db,
        notes=job.notes.splitlines(),
    )


def describe_offers(offers: tuple[Offer, ...], max_bytes: int, max_pixels: int) -> Offers:
    """The offers as the API tells them."""
    return Offers(
        tasks=[
            OfferAnswer(
                task=offer.task,
                title=offer.title,
                text=offer.text,
                scales=list(offer.scales),
                scale=offer.scale,
                models=[ChoiceAnswer(name=c.name, text=c.text, scales=list(c.scales)) for c in offer.models],
                dials=list(offer.dials),
            )
            for offer in offers
        ],
        max_bytes=max_bytes,
        max_pixels=max_pixels,
    )


def dump(answer: BaseModel) -> dict[str, Any]:
    """``answer`` as plain JSON values."""
    return answer.model_dump(mode="json")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
