"""The OpenAPI 3.1 document, made from the typed models."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from relume.web.models import Ask, Offers, ProblemAnswer, Restoration

TITLE = "relume"
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/tiff")
UPLOADS = (*PICTURES, "image/heic", "image/gif", "image/bmp", "application/octet-stream")

_REFUSALS = {
    "400": "The request, or what it asks for, does not fit.",
    "403": "The request comes from another site's page.",
    "404": "There is no such picture (any more).",
    "409": "There is no result yet, or there will be none.",
    "413": "The file or the picture is too large.",
    "415": "The file is no picture that can be read.",
    "429": "Too many uploads, or too many of yours are waiting; see Retry-After.",
    "503": "The queue, the disk or the streams are full; see Retry-After.",
}


def document(max_bytes: int) -> dict[str, Any]:
    """The whole document."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in (Restoration, ProblemAnswer, Offers)],
        ref_template="#/components/schemas/{model}",
    )
    ask = Ask.model_json_schema()["properties"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": "1",
            "description": f"Send a picture, watch it come back. No cookies; files up to {max_bytes >> 20} MiB.",
        },
        "paths": {
            "/api/v1/restorations": {"post": _create(ask)},
            "/api/v1/restorations/{id}": {
                "parameters": [_ID],
                "get": _read("read", "How far a picture is", {"200": _json("Restoration"), "304": _plain("Same.")}),
                "delete": _remove(),
            },
            "/api/v1/restorations/{id}/result": {
                "parameters": [_ID],
                "get": _read("result", "The restored picture", {"200": _result()}, "409"),
            },
            "/api/v1/restorations/{id}/record": {
                "parameters": [_ID],
                "get": _read("record", "The record of what was done", {"200": _record()}, "409"),
            },
            "/api/v1/restorations/{id}/events": {
                "parameters": [_ID],
                "get": _read("events", "Every change as it happens", {"200": _stream()}, "503"),
            },
            "/api/v1/offers": {
                "get": {
                    "operationId": "offers",
                    "summary": "What can be asked for",
                    "responses": {"200": _json("Offers")},
                }
            },
        },
        "components": {"schemas": schemas["$defs"]},
    }


_ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}


def _create(ask: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "required": ["image"], "properties": {"image": _BYTES, "mask": _BYTES, **ask}}
    raw = {kind: {"schema": _BYTES} for kind in UPLOADS}
    query = [{"name": name, "in": "query", "schema": schema} for name, schema in ask.items()]
    accepted = _json("Restoration")
    accepted["description"] = "Accepted: the picture is in the queue."
    accepted["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where to ask how far it is."}}
    return {
        "operationId": "create",
        "summary": "Send a picture",
        "description": "As a form with the file “image” (and “mask”, a PNG of its shape, white where it is damaged), "
        "or as the bytes of the picture with the wishes in the query.",
        "parameters": [*query, {"name": "name", "in": "query", "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **raw}},
        "responses": {"202": accepted, **_refused("400", "403", "413", "415", "429", "503")},
    }


def _remove() -> dict[str, Any]:
    return {
        "operationId": "remove",
        "summary": "Cancel what has not ended, delete what has",
        "responses": {"200": _json("Restoration"), "204": _plain("Deleted."), **_refused("403", "404")},
    }


def _read(name: str, summary: str, responses: dict[str, Any], *codes: str) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "responses": {**responses, **_refused("404", *codes)}}


_BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def _json(model: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref(model)}}
    return {"description": "The state of the picture." if model == "Restoration" else model, "content": content}


def _refused(*codes: str) -> dict[str, Any]:
    return {code: {**_json("ProblemAnswer"), "description": _REFUSALS[code]} for code in codes}


def _plain(text: str) -> dict[str, Any]:
    return {"description": text}


def _result() -> dict[str, Any]:
    return {"description": "The file.", "content": {kind: {"schema": _BYTES} for kind in PICTURES}}


def _record() -> dict[str, Any]:
    return {"description": "The record.", "content": {"application/json": {"schema": {"type": "object"}}}}


def _stream() -> dict[str, Any]:
    event = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string", "description": "The status."},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref("Restoration")},
        },
    }
    return {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": event}}}


def _ref(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}
