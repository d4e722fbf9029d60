"""Everything that the console can change: a role, a reason, a POST with CSRF, a service that writes the audit record.

A change never runs on GET. A large or irreversible one asks for a fresh code as well. The superuser gives a reason and
a code like everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django import forms
from django.http import HttpRequest

from core.console import access
from core.identity import staff_mfa
from core.kernel import errors

REASON_AT_LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a member of staff wants done to one row, and why. ``fields`` are the form's other values."""

    target: Any
    actor: str
    reason: str
    request_id: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class ReasonForm(forms.Form):
    """Asks why. A change that needs to know more inherits from it; ``target`` is the row, None for several."""

    reason = forms.CharField(
        label="Reason",
        help_text="Goes into the audit record, where it stays for ever. Say what you saw and what you checked.",
        min_length=REASON_AT_LEAST,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True, "class": "c-input"}),
    )

    def __init__(self, *args: Any, target: Any = None, asks_code: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        if asks_code:
            self.fields["code"] = forms.CharField(
                label="Code from your authenticator",
                help_text="This change is large or cannot be taken back: prove again that it is you.",
                max_length=20,
                widget=forms.TextInput(
                    attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "c-input"}
                ),
            )


def _always(_row: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that may be done to a row of a page.

    ``run`` calls one service, which writes the audit record in its commit, and returns a sentence for the person or
    nothing; ``offered`` says whether it makes sense for this row; ``bulk_at_most`` above zero allows several at once.
    """

    name: str
    label: str
    icon: str
    text: str
    roles: access.Roles
    run: Callable[[Order], str | None]
    offered: Callable[[Any], bool] = _always
    danger: bool = False
    needs_fresh: bool = False
    bulk_at_most: int = 0
    form: type[ReasonForm] = ReasonForm

    def may(self, request: HttpRequest) -> bool:
        return access.may(request, self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of the rows: sentences for those done, sentences for those refused."""

    done: list[str]
    refused: list[str]


def form_of(change: Change, request: HttpRequest, *, target: Any, sent: bool) -> ReasonForm:
    """Return the form of a change, filled with what was sent."""
    asks_code = change.needs_fresh and not staff_mfa.is_fresh(request)
    return change.form(request.POST if sent else None, target=target, asks_code=asks_code)


def is_granted(request: HttpRequest, form: ReasonForm) -> bool:
    """Check the form, and the code if it asks for one; its errors say what is missing."""
    if not form.is_valid():
        return False
    if "code" in form.fields and not staff_mfa.confirm(request, code=form.cleaned_data["code"]):
        form.add_error("code", "This code is not right, or was used before. Wait for the next one.")
        return False
    return True


def carry_out(change: Change, request: HttpRequest, *, rows: Sequence[Any], form: ReasonForm) -> Result:
    """Do it to every row, each in a commit of its own: what is refused for one stops none of the others."""
    result = Result(done=[], refused=[])
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    fields = {name: value for name, value in form.cleaned_data.items() if name not in {"reason", "code"}}
    for row in rows:
        order = Order(
            target=row,
            actor=access.actor(request),
            reason=form.cleaned_data["reason"],
            request_id=request_id,
            fields=fields,
        )
        try:
            said = change.run(order)
        except errors.DiboasError as refusal:
            result.refused.append(f"{row}: {refusal.detail or refusal.code}")
        else:
            result.done.append(said or f"{row}: {change.label.lower()} — done and written down.")
    return result
