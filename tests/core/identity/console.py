"""A console of one page, as the real one uses staff_mfa."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from core.identity import staff_mfa
from core.identity.staff_mfa import StaffSignInView


class SignIn(StaffSignInView):
    next_page = "/console/"

    def render_to_response(self, context: dict[str, object], **_: object) -> HttpResponse:
        page = engines["django"].from_string("{{ form.errors.as_json|safe }}")
        return HttpResponse(page.render(context), status=200)


def home(request: HttpRequest) -> HttpResponse:
    if not staff_mfa.is_verified(request):
        return HttpResponse("shut", status=403)
    return HttpResponse("fresh" if staff_mfa.is_fresh(request) else "open")


def confirm(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes" if staff_mfa.confirm(request, code=request.POST["code"]) else "no")


urlpatterns = [path("console/", home), path("console/sign-in", SignIn.as_view()), path("console/confirm", confirm)]
