"""What every screen of the console is: a list and a page per row, read only, with changes that need a reason.

There is no address to add, edit or delete anything: those of the Django admin are not served at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from core.console import access, changes, listing
from core.console.changes import Change
from core.console.listing import Column, Filter, Slice, Tab
from core.console.sections import Section, Table


class Page(ModelAdmin[Any]):
    """A screen. What it shows and does is declared; the doors are the same for all.

    ``key`` orders the list and cuts its pages; ``by_day`` offers two days as filters, where the key begins with time.
    """

    heading: ClassVar[str]
    lead: ClassVar[str] = ""
    group: ClassVar[str] = "Money"
    place: ClassVar[int] = 50
    icon: ClassVar[str] = "list"
    readers: ClassVar[access.Roles] = access.MONEY
    key: ClassVar[str] = "id"
    by_day: ClassVar[bool] = False
    columns: ClassVar[Sequence[Column]] = ()
    filters: ClassVar[Sequence[Filter]] = ()
    tabs: ClassVar[Sequence[Tab]] = ()
    search_hint: ClassVar[str] = ""
    empty: ClassVar[str] = "There is nothing here yet."
    changes: ClassVar[Sequence[Change]] = ()
    actions = None

    # What a screen says about itself.

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows that a search text finds."""
        return rows.none()

    def load(self, rows: list[Any]) -> None:
        """Read in one go what the cells of these rows need beside them."""

    def above(self, request: HttpRequest) -> list[Section]:
        """Return what stands above the list."""
        return []

    def title_of(self, row: Any) -> str:
        return str(row)

    def sections(self, request: HttpRequest, row: Any) -> list[Section]:
        """Return the page of one row."""
        return []

    def slice_of(self, request: HttpRequest) -> Slice:
        """Return the rows that the address asks for."""
        found = listing.cut(self._narrowed(request), request.GET, key=self.key)
        self.load(found.rows)
        return found

    def find(self, object_id: str) -> Any:
        """Return one row, None if there is none."""
        try:
            return self.model._default_manager.filter(pk=object_id).first()
        except (ValidationError, ValueError):
            return None

    # Permissions: reading by role; adding, editing and deleting by nobody.

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access.may(request, self.readers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access.may(request, self.readers)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # The doors.

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("", wrap(self.list_view), name=f"{name}_changelist"),
            path("do/<slug:name>/", wrap(self.several_view), name=f"{name}_several"),
            path("<path:object_id>/do/<slug:name>/", wrap(self.do_view), name=f"{name}_do"),
            path("<path:object_id>/change/", wrap(self.row_view), name=f"{name}_change"),
        ]

    def address(self, row: Any = None, *, do: str = "") -> str:
        """Return the address of the list, of a row's page, or of a change of a row."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        if row is None:
            return reverse(f"{name}_several", args=[do]) if do else reverse(f"{name}_changelist")
        return reverse(f"{name}_do", args=[row.pk, do]) if do else reverse(f"{name}_change", args=[row.pk])

    def home(self) -> str:
        """Return the address at which people begin: the list in its first view."""
        query = self.tabs[0].query if self.tabs else {}
        return self.address() + (f"?{urlencode(query)}" if query else "")

    def list_view(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        self._admit(request)
        found = self.slice_of(request) if self.columns else Slice(rows=[], older="", newer="")
        table = self._table(found) if self.columns else None
        tabs = self._tabs(request)
        several = [each for each in self.changes if each.bulk_at_most and each.may(request)]
        context = {
            "title": self.heading,
            "lead": self.lead,
            "page": self,
            "sections": self.above(request),
            "table": table,
            "lines": list(zip([str(row.pk) for row in found.rows], table.cells, strict=True)) if table else [],
            "slice": found,
            "several": [{"change": each, "href": self.address(do=each.name)} for each in several],
            "tabs": tabs,
            "chips": self._chips(request),
            "is_narrowed": any(request.GET.values()) and not any(tab["on"] for tab in tabs),
        }
        return self._render(request, "console/list.html", context)

    def row_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        self._admit(request)
        row = self._get(object_id)
        offered = [each for each in self.changes if each.may(request) and each.offered(row)]
        context = {
            "title": self.title_of(row),
            "page": self,
            "back": self.address(),
            "sections": self.sections(request, row),
            "buttons": [{"change": each, "href": self.address(row, do=each.name)} for each in offered],
        }
        return self._render(request, "console/row.html", context)

    def do_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason on GET; do it on POST, with one."""
        change = self._change(request, name)
        row = self._get(object_id)
        if not change.offered(row):
            messages.warning(request, f"{change.label} is not possible as it stands now.")
            return HttpResponseRedirect(self.address(row))
        return self._decide(request, change, rows=[row], back=self.address(row), sent=request.method == "POST")

    def several_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask for the reason for the ticked rows; do it when it is given. Only by POST."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        change = self._change(request, name)
        ticked = list(dict.fromkeys(request.POST.getlist("row")))
        if not change.bulk_at_most or not 0 < len(ticked) <= change.bulk_at_most:
            messages.error(request, f"Tick between one and {change.bulk_at_most} rows.")
            return HttpResponseRedirect(self.address())
        rows = [self._get(each) for each in ticked]
        return self._decide(request, change, rows=rows, back=self.address(), sent="reason" in request.POST)

    def _decide(self, request: HttpRequest, change: Change, *, rows: list[Any], back: str, sent: bool) -> HttpResponse:
        form = changes.form_of(change, request, target=rows[0] if len(rows) == 1 else None, sent=sent)
        if not sent or not changes.is_granted(request, form):
            titles = [self.title_of(row) for row in rows]
            context = {"title": change.label, "page": self, "change": change, "form": form, "back": back}
            context |= {"titles": titles, "pks": [str(row.pk) for row in rows]}
            return self._render(request, "console/confirm.html", context, status=422 if sent else 200)
        result = changes.carry_out(change, request, rows=rows, form=form)
        for text in result.done:
            messages.success(request, text)
        for text in result.refused:
            messages.error(request, text)
        return HttpResponseRedirect(back)

    def _admit(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _get(self, object_id: str) -> Any:
        row = self.find(object_id)
        if row is None:
            raise Http404(f"{self.heading}: there is no {object_id}.")
        return row

    def _change(self, request: HttpRequest, name: str) -> Change:
        self._admit(request)
        found = next((each for each in self.changes if each.name == name), None)
        if found is None:
            raise Http404(f"{self.heading}: there is no such action.")
        if not found.may(request):
            raise PermissionDenied
        return found

    def _narrowed(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.get_queryset(request)
        for each in self.filters:
            value = request.GET.get(each.name, "")
            if value:
                rows = each.apply(rows, value)
        if self.by_day:
            rows = listing.from_day(rows, request.GET.get("from", ""), key=self.key)
            rows = listing.to_day(rows, request.GET.get("to", ""), key=self.key)
        text = request.GET.get("q", "").strip()
        return self.search(rows, text) if text and self.search_hint else rows

    def _table(self, found: Slice) -> Table:
        return Table(
            title=self.heading,
            columns=[column.label for column in self.columns],
            rows=[[column.cell(row) for column in self.columns] for row in found.rows],
            numeric=frozenset(place for place, column in enumerate(self.columns) if column.numeric),
            empty=self.empty,
        )

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        asked = {name: value for name, value in request.GET.items() if value and name not in {"before", "after"}}
        return [
            {"label": tab.label, "href": listing.address(type(request.GET)(), **tab.query), "on": asked == tab.query}
            for tab in self.tabs
        ]

    def _chips(self, request: HttpRequest) -> list[dict[str, Any]]:
        return [
            {
                "name": each.name,
                "label": each.label,
                "value": request.GET.get(each.name, ""),
                "by_tabs": each.by_tabs,
                "choices": list(each.choices()),
            }
            for each in self.filters
        ]

    def _render(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context}, status=status)
