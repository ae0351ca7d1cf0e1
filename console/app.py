"""Pages and API in one server."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import Client, core, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from console import api
from console.access import is_loopback
from console.context import Console
from console.events import StreamLimits
from console.limits import Guard, Limits, Scope
from console.pages.analyse import PATH as ANALYSE_PATH
from console.pages.analyse import analyse_page, analyse_routes
from console.pages.findings import findings_page
from console.pages.frame import DARK, LANGUAGE_COOKIE, PAGES, THEME_COOKIE, visit_of
from console.pages.key_figures import key_figures_page
from console.pages.machines import machine_page
from console.pages.meters import meters_page
from console.pages.now import now_page
from console.pages.orders import orders_page
from console.pages.plan import plan_page
from console.pages.platform import platform_page
from console.pages.reports import reports_page
from console.requests import MOST_DAYS
from words.catalogue import DEFAULT, languages

STYLE = Path(__file__).parent / "style.css"
DRAG = Path(__file__).parent / "drag.js"
PATHS = frozenset(path for _, path in PAGES)
LIMITS = Limits()
DESCRIPTION = f"""What the plant draws, what is advised, and how well it is known. Instants are UTC; consumption is positive; what is not known is
null and never 0.

Limits, each answered with one error: a body of {LIMITS.body_bytes:,} bytes (413) within {LIMITS.body_s:g} s (408), an address of
{LIMITS.address_bytes:,} bytes (414), {LIMITS.requests} requests (503) and {StreamLimits().readers} readers of the stream (503) at the same time. Quarter hours of {MOST_DAYS} days in one answer."""
PAGE_S = 30.0
"""How long a page may take to be built: on a busy machine the ledger's first answers take seconds."""
YEAR_S = 31_536_000
SECURITY = {
    # NiceGUI's own scripts are inline and compile templates; nothing may come from another machine
    "Content-Security-Policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0e4a52" d="M0 0h32v32H0z"/>'
    '<path fill="#f2b01e" d="M4 8h24v2.500H4z"/><path fill="#fff" d="M4 20h4v8H4zm5-4h4v12H9zm5-4h4v16h-4zm5 5h4v11h-4zm5-3h4v14h-4z"/></svg>'
).replace("2.500", "2.5")


def build_app(console: Console, host: str) -> FastAPI:
    """The server's application; closes the board when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        console.board.close()

    app = FastAPI(
        title="Lastgang",
        version="1",
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the usual ones load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(api.router(console))
    _guard(app, host)
    _settings_routes(app)
    analyse_routes(app, console)
    _pages(console)
    ui.run_with(
        app,
        title="Lastgang",
        favicon=ICON,
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=10.0,
        message_history_length=200,
        show_welcome_message=False,
    )
    return app


def _guard(app: FastAPI, host: str) -> None:
    if is_loopback(host):  # another site's name that resolves to this machine is not ours
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", host, "testserver"])

    @app.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        return response

    app.add_middleware(Guard, limits=LIMITS, kept=_kept, uploads=frozenset({ANALYSE_PATH}))  # added last: called first


def _kept(scope: Scope) -> int:
    """Pages that NiceGUI keeps, where this is one more; sessions of the socket's library, where this begins one."""
    if scope["path"] in PATHS or scope["path"].startswith("/machines/"):
        return len(Client.instances)
    if scope["path"].startswith("/_nicegui_ws/") and b"sid=" not in scope["query_string"]:
        return len(core.sio.eio.sockets)
    return 0


def _settings_routes(app: FastAPI) -> None:
    style, drag = STYLE.read_text(encoding="utf-8"), DRAG.read_text(encoding="utf-8")

    @app.get("/assets/style.css", include_in_schema=False)
    async def stylesheet() -> Response:
        return Response(style, media_type="text/css", headers={"Cache-Control": f"public, max-age={YEAR_S}, immutable"})

    @app.get("/language/{code}", include_in_schema=False)
    async def language(code: str, to: str = "/") -> Response:
        return _with_cookie(LANGUAGE_COOKIE, code if code in languages() else DEFAULT, to)

    @app.get("/theme/{name}", include_in_schema=False)
    async def theme(name: str, to: str = "/") -> Response:
        return _with_cookie(THEME_COOKIE, name if name in DARK else "auto", to)

    @app.get("/assets/drag.js", include_in_schema=False)
    async def drag_script() -> Response:
        return Response(drag, media_type="text/javascript", headers={"Cache-Control": f"public, max-age={YEAR_S}, immutable"})

    mark = hashlib.sha256(style.encode()).hexdigest()[:12]
    ui.add_head_html(f'<link rel="stylesheet" href="/assets/style.css?{mark}">', shared=True)


def _with_cookie(name: str, value: str, to: str) -> Response:
    """Set the cookie and go back; only to a page of ours."""
    home = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(home, status_code=303)
    response.set_cookie(name, value, max_age=YEAR_S, samesite="strict", path="/")
    return response


def _pages(console: Console) -> None:
    @ui.page("/", response_timeout=PAGE_S)
    async def _now(request: Request) -> None:
        await now_page(visit_of(console, request))

    @ui.page("/plan", response_timeout=PAGE_S)
    async def _plan(request: Request) -> None:
        await plan_page(visit_of(console, request))

    @ui.page("/orders", response_timeout=PAGE_S)
    async def _orders(request: Request) -> None:
        await orders_page(visit_of(console, request))

    @ui.page("/findings", response_timeout=PAGE_S)
    async def _findings(request: Request, incident: str = "") -> None:
        await findings_page(visit_of(console, request), incident)

    @ui.page("/machines/{machine}", response_timeout=PAGE_S)
    async def _machine(request: Request, machine: str) -> None:
        await machine_page(visit_of(console, request), machine)

    @ui.page("/meters", response_timeout=PAGE_S)
    async def _meters(request: Request, meter: str = "", day: str = "", at: str = "", revision: str = "") -> None:
        await meters_page(visit_of(console, request), meter, day, at, revision)

    @ui.page("/key-figures", response_timeout=PAGE_S)
    async def _key_figures(request: Request) -> None:
        await key_figures_page(visit_of(console, request))

    @ui.page("/reports", response_timeout=PAGE_S)
    async def _reports(request: Request) -> None:
        await reports_page(visit_of(console, request))

    @ui.page("/analyse", response_timeout=PAGE_S)
    async def _analyse(request: Request) -> None:
        await analyse_page(visit_of(console, request))

    @ui.page("/platform", response_timeout=PAGE_S)
    async def _platform(request: Request) -> None:
        await platform_page(visit_of(console, request))
