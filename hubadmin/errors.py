"""Our own error pages: a sentence that says what was wrong and what to do."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from orgs.guards import personal_page

TITLES = {
    400: "That request can't be read",
    403: "You may not do this",
    404: "There is nothing here",
    413: "That is too much",
    500: "Something went wrong here",
    503: "That can't be known at the moment",
}
API_PATHS = ("/v2/", "/api/", "/access/", "/auth/", "/authz/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "Go back, load the page again and try once more.")


@personal_page
def no_such_page(request: HttpRequest) -> HttpResponse:
    """404 for people who are signed in; others sign in first, as where there is a page (P1)."""
    raise Http404("There is no such page.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, str(exception) or "Ask an owner of the organization to do it.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request,
        404,
        "The page may have moved, or it belongs to an organization that you are not a member of.",
    )


def too_large(request: HttpRequest) -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return _answer(request, 413, f"The body is too large. Send at most {most} bytes.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "It has been logged. Try again; nothing was half done.")


def not_yet_known(request: HttpRequest, exception: Exception) -> HttpResponse:
    answer = _answer(request, 503, str(exception))
    answer["Retry-After"] = "1"
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(
        request,
        403,
        "This form was opened too long ago or in another session. Go back, load the page again "
        "and try once more.",
    )


def _answer(request: HttpRequest, status: int, text: str) -> HttpResponse:
    title = TITLES[status]
    if request.path.startswith(API_PATHS):
        body = {"type": "about:blank", "title": title, "status": status, "detail": text}
        body["message"] = text
        return JsonResponse(body, status=status, content_type="application/problem+json")
    context = {"title": title, "text": text, "status": status}
    if status == 500:
        # Nothing that needs the database or the session, which may be what went wrong.
        return render(None, "errors/500.html", context, status=status)
    return render(request, "errors/error.html", context, status=status)
