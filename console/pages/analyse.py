"""*Analyse*: hand in a load profile, get its page back. A form of the browser, so that it works before any script does."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from console.analyses import ANSWERS, AnalysesBusy
from console.context import Console
from console.pages.frame import Visit, frame, visit_of
from console.pages.widgets import Fragment, panel
from console.render.markup import Markup, join, tag
from domain.errors import LastgangError
from words.speech import Words

PATH = "/analyse/page"
"""Where the form goes."""


async def analyse_page(visit: Visit) -> None:
    """The form."""
    w = visit.words
    with frame(visit, "analyse"), panel(w["analyse_form.title"]):
        Fragment(
            join(
                tag("p", w["analyse_form.intro"]),
                tag("p", w["analyse_form.sheet" if visit.console.analyses.tariff else "analyse_form.no_sheet"], class_="soft"),
                _form(w, visit.console.access.needs_token),
            )
        )


def _form(w: Words, needs_token: bool) -> Markup:
    fields = [
        _field("file", w["analyse_form.file"], tag("input", type="file", name_="file", id="a-file", required=True, class_="entry"))
    ]
    for option, values in ANSWERS.items():
        choices = [
            tag("option", w["analyse_form.as_found"], value=""),
            *(tag("option", w.either("analyse_form.value", one), value=one) for one in values),
        ]
        fields.append(
            _field(option, w[f"analyse_form.{option}"], tag("select", *choices, name_=option, id=f"a-{option}", class_="entry"))
        )
    if needs_token:
        box = tag("input", type="password", name_="token", id="a-token", autocomplete="off", class_="entry")
        fields.append(_field("token", w["advice.token"], box))
    send = tag("button", w["analyse_form.send"], type="submit", class_="btn primary")
    return tag(
        "form",
        tag("div", *fields, class_="form-row"),
        tag("p", send, style="margin-top: 14px"),
        method="post",
        action=PATH,
        enctype="multipart/form-data",
    )


def _field(name: str, label: str, box: Markup) -> Markup:
    return tag("div", tag("label", label, for_=f"a-{name}"), box)


def analyse_routes(app: FastAPI, console: Console) -> None:
    """The way that the form takes: the answer is the analysis itself, to be looked at and saved."""

    @app.post(PATH, include_in_schema=False)
    async def analysed(request: Request) -> Response:
        w = visit_of(console, request).words
        async with request.form(max_files=1, max_fields=10) as form:
            token, file = form.get("token"), form.get("file")
            if not console.access.allows(token if isinstance(token, str) else ""):
                return _refusal(w, w["advice.token_wrong"], 401)
            if not isinstance(file, UploadFile) or not file.filename:
                return _refusal(w, w["analyse_form.no_file"], 400)
            answers = {option: value for option in ANSWERS if isinstance(value := form.get(option), str)}
            try:
                page = await console.analyses.page_of(file.filename, await file.read(), w.language, answers)
            except LastgangError as error:
                return _refusal(w, str(error), 503 if isinstance(error, AnalysesBusy) else 422)
        return HTMLResponse(page)


def _refusal(w: Words, why: str, status: int) -> HTMLResponse:
    back = tag("p", tag("a", w["analyse_form.back"], href="/analyse"))
    body = tag(
        "main", tag("h1", w["analyse_form.failed"]), tag("pre", why, style="white-space: pre-wrap; overflow-wrap: anywhere"), back
    )
    head = tag("meta", charset="utf-8"), tag("meta", name_="viewport", content="width=device-width, initial-scale=1")
    return HTMLResponse(f"<!doctype html>{tag('html', *head, body, lang=w.language)}", status)
