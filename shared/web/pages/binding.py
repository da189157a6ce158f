"""Turns a row of the route table that is a page, or takes a form, into an aiohttp handler."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler

from shared.errors import AppError, InsufficientUserAuthentication, Unauthenticated
from shared.web.binding import NoQuery, parse_query, path_values
from shared.web.body import check_content_type, read_body
from shared.web.pages.answers import PageAnswer, SeeOther
from shared.web.pages.forms import Pairs, convert_form, parse_pairs, take_token
from shared.web.pages.kit import PAGE_KIT, Arrival
from shared.web.pages.page import Attempt
from shared.web.pages.streaming import FORM_TOKEN, FormToken
from shared.web.routes import PageRules, Route, Signature, read_signature

_SECRET = re.compile("password|code|secret")  # names of fields that are never filled in again
_FORBIDDEN = 403


class NoFields(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The form that is but a button."""


def bind_page(route: Route, rules: PageRules) -> WebHandler:
    """Return the handler that aiohttp calls for `route`."""
    signature = read_signature(route)

    async def handle(request: web.Request) -> web.StreamResponse:
        kit = request.app[PAGE_KIT]
        takes_form = request.method == "POST"
        if takes_form:
            kit.check_origin(request)
        arrival = await kit.arrive(request)
        if rules.signed_in and arrival.visitor is None:
            return kit.lead_to_sign_in(_way_back(request, rules))
        arguments = _arguments(request, signature)
        if takes_form:
            return await _take(request, route, signature, arrival)
        try:
            answer = await route.handler(request, **arguments)
        except InsufficientUserAuthentication:
            return kit.lead_to_step_up(_way_back(request, rules))
        assert isinstance(answer, PageAnswer)
        return kit.present(request, arrival, answer)

    return handle


async def _take(request: web.Request, route: Route, signature: Signature, arrival: Arrival) -> web.StreamResponse:
    """Do what the form asks for; if it is refused, show its page again with what was typed and what is wrong."""
    assert route.page is not None
    check_content_type(request, route.body_types)
    kit, arguments = request.app[PAGE_KIT], _arguments(request, signature)
    form_token = request[FORM_TOKEN] = FormToken(partial(kit.check_token, arrival))
    token, pairs, names = "", Pairs(), set[str]()
    if not route.page.streamed:
        token, pairs = take_token(parse_pairs(await read_body(request, route.max_body)))
        body = convert_form(pairs, signature.body or NoFields)
        names = {field.encode_name for field in msgspec.structs.fields(type(body))}
        arguments |= {"body": body} if signature.body is not None else {}
    try:
        if not route.page.streamed:
            form_token.check(token)
        answer = await route.handler(request, **arguments)
    except Unauthenticated:  # the session has ended this moment
        return kit.lead_to_sign_in(_way_back(request, route.page))
    except InsufficientUserAuthentication:
        return kit.lead_to_step_up(_way_back(request, route.page))
    except AppError as exc:
        if route.page.on is None:
            raise
        told = _told(route.page, exc, names)
        attempt = Attempt(request.path, _filled(route.page.on, request), _typed(pairs), *told, exc.code)
        return await _show_again(request, route.page, arrival, attempt, exc)
    if isinstance(answer, web.StreamResponse):
        return answer
    assert isinstance(answer, SeeOther)
    return kit.present(request, arrival, answer)


async def _show_again(
    request: web.Request, rules: PageRules, arrival: Arrival, attempt: Attempt, error: AppError
) -> web.StreamResponse:
    """401 would be a challenge of HTTP's own (RFC 9110, 15.5.2), and says nothing to a browser: 403 stands for it."""
    assert rules.on is not None
    shown = await rules.on.handler(request, **_arguments(request, read_signature(rules.on)))
    assert isinstance(shown, PageAnswer)
    response = request.app[PAGE_KIT].present(request, arrival, shown, attempt)
    if isinstance(shown, SeeOther):  # by now there is nothing left to fill in
        return response
    response.set_status(_FORBIDDEN if error.status == Unauthenticated.status else error.status)
    response.headers.extend({name: value for name, value in error.headers.items() if name == "Retry-After"})
    return response


def _arguments(request: web.Request, signature: Signature) -> dict[str, Any]:
    arguments = path_values(request, signature)
    query = parse_query(request, signature.query or NoQuery)
    return arguments | ({"query": query} if signature.query is not None else {})


def _way_back(request: web.Request, rules: PageRules) -> str:
    """Return the page to come back to: this one, or the one that the form stands on."""
    if rules.on is None:
        return request.rel_url.raw_path_qs
    return _filled(rules.on, request)


def _filled(page: Route, request: web.Request) -> str:
    """Return the path of the page that the form stood on: what is in its own path, is in the form's."""
    return page.path.format_map(request.match_info)


def _typed(pairs: Pairs) -> Mapping[str, list[str]]:
    typed: Mapping[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if not _SECRET.search(name):
            typed[name].append(value)
    return dict(typed)


def _told(rules: PageRules, error: AppError, names: set[str]) -> tuple[dict[str, str], Sequence[str]]:
    """Return what is wrong, by field, as far as the form has a field for it; else in all."""
    faults = _faults(rules, error)
    if faults and faults.keys() <= names:
        return {name: _sentence(text) for name, text in faults.items()}, ()
    return {}, [_sentence(error.title), *([error.detail] if error.detail else ())]


def _faults(rules: PageRules, error: AppError) -> dict[str, str]:
    if error.code in rules.faults:
        return {rules.faults[error.code]: error.detail or error.title}
    faults = {each.pointer.split("/")[1]: each.detail for each in error.errors if "/" in each.pointer}
    return dict.fromkeys(faults, error.detail) if len(faults) == 1 and error.detail else faults


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
