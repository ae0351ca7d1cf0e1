"""One body for everything that the API refuses, and the route that makes it, wherever in an application the API is mounted."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from console.desk import NotDecidable, UnknownRecommendation
from console.reports import ReportsBusy
from domain.errors import LastgangError
from domain.feedback_rules import NotReportable, UnknownAnomaly
from domain.texts import printable

SHOWN = 80
"""Characters of what was found that are given back."""
MOST_FAULTS = 20
MOST_CHOICES = 30
RETRY_S = 5

Responses = dict[int | str, dict[str, Any]]


class Fault(BaseModel):
    """Why it did not work."""

    detail: str


class RefusedField(BaseModel):
    """One thing wrong with a request."""

    field: str
    """Where: ``body.by``, ``query.from_utc``, ``path.meter``."""
    found: str
    expected: str


class Refusal(Fault):
    """A request that cannot be understood, or asks for what cannot be had."""

    faults: list[RefusedField]


class Undecidable(Fault):
    """Why a decision or a report does not count."""

    status: str
    """What the recommendation is: ``accepted``, ``rejected``, ``expired``, ``withdrawn`` or ``carried_out``; of an anomaly ``ended`` or ``nothing_to_take_back``."""
    by: str | None
    """Who made it so, where that is known."""
    at_utc: str | None
    """When, where that is known."""


def responses(*statuses: int) -> Responses:
    """What OpenAPI says of these statuses."""
    return {status: _RESPONSES[status] for status in statuses}


_RESPONSES: Responses = {
    400: {"model": Fault, "description": "The body is no JSON."},
    401: {"model": Fault, "description": "The token is missing or wrong."},
    403: {"model": Fault, "description": "A page of another site may not do that."},
    404: {"model": Fault, "description": "There is none of that name."},
    408: {"model": Fault, "description": "The body did not come in time."},
    409: {"model": Undecidable, "description": "Not open any more: who decided and when; or when it ended."},
    413: {"model": Fault, "description": "The body is too long."},
    422: {"model": Refusal, "description": "What was found in the request, and what is expected."},
    429: {"model": Fault, "description": "Too much at once; `Retry-After` says when to try again."},
    503: {
        "model": Fault,
        "description": "Something that is needed does not answer, or there are too many requests at once; trying again is safe.",
    },
}


def refuse(field: str, found: object, expected: str) -> NoReturn:
    """Raises for a request that is well-formed but asks for what cannot be had."""
    raise RequestValidationError([{"loc": tuple(field.split(".")), "msg": expected, "input": found, "type": "value_error"}])


def none_such(what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raises for a name that nothing has, with what there is."""
    names = list(known)
    more = f" and {len(names) - MOST_CHOICES} more" if len(names) > MOST_CHOICES else ""
    raise HTTPException(404, f"no {what} {_shown(name)}; there are {names[:MOST_CHOICES] or 'none'}{more}")


class Route(APIRoute):
    """Answers every error that is the request's, or the plant's, with its status and one kind of body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _respond(422, refusal(error.errors()))
            except (UnknownRecommendation, UnknownAnomaly) as error:
                return _respond(404, Fault(detail=str(error)))
            except (NotDecidable, NotReportable) as error:
                at_utc = None if error.at_utc is None else f"{error.at_utc:%Y-%m-%dT%H:%M:%SZ}"
                return _respond(409, Undecidable(detail=str(error), status=error.status, by=error.by, at_utc=at_utc))
            except ReportsBusy as error:
                return _respond(429, Fault(detail=str(error)))
            except LastgangError as error:
                return _respond(503, Fault(detail=str(error)))

        return answer


def refusal(errors: Iterable[Any]) -> Refusal:
    """What a validator found, one sentence for all."""
    faults = [_refused_field(error) for error in errors][:MOST_FAULTS]
    return Refusal(detail="; ".join(f"{f.field}: {f.expected} (found {f.found})" for f in faults), faults=faults)


def _refused_field(error: Any) -> RefusedField:
    if error["type"] == "json_invalid":
        place = error["loc"][-1]
        return RefusedField(field="body", found=f"a fault at character {place}", expected=f"JSON ({error['ctx']['error']})")
    field = printable(".".join(str(part) for part in error["loc"]), SHOWN)
    found = "nothing" if error["type"] == "missing" else _shown(error.get("input"))
    expected = str(error["msg"]).removeprefix("Value error, ")
    return RefusedField(field=field, found=found, expected=printable(expected, 500))


def _shown(found: Any) -> str:
    match found:
        case str():
            return repr(printable(found, SHOWN))
        case dict():
            return "an object"
        case list():
            return "a list"
        case None:
            return "null"
        case _:
            return printable(str(found), SHOWN)


def _respond(status: int, body: Fault) -> Response:
    headers = {"Retry-After": f"{RETRY_S}"} if status in (429, 503) else None
    return JSONResponse(body.model_dump(), status, headers)
