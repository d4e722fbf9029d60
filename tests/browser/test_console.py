"""The console as people use it: signed in with a code, a live tower, a held-up transaction decided, nothing blocked."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.identity.codes import code
from tests.platform import Json, Platform, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("platform"), pytest.mark.timeout(300)]
# On the screening list of the seed data: whoever pays out to it is held up.
LISTED = "Ximena Tenebrosa Quimera"
SERIOUS = {"serious", "critical"}


@pytest.fixture
def page(platform: Platform, chromium: Any) -> Iterator[Any]:
    """Yield a page that notes what its browser complains of, above all of our content policy."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    made.set_default_timeout(60_000)
    made.complaints = []
    made.on("console", lambda said: made.complaints.append(said.text) if said.type == "error" else None)
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.on("request", lambda asked: _note_stranger(made, asked.url, platform))
    yield made
    context.close()


def _note_stranger(page: Any, url: str, platform: Platform) -> None:
    if not url.startswith((platform.facts["base_url"], "data:")):
        page.complaints.append(f"asked somebody else: {url}")


def sign_in(page: Any, platform: Platform, role: str) -> None:
    member = next(each for each in platform.facts["staff"] if each["role"] == role)
    page.goto(f"{platform.facts['base_url']}/console/")
    page.fill("#id_username", member["email"])
    page.fill("#id_password", member["password"])
    page.fill("#id_code", code(member["totp_secret"]))
    page.keyboard.press("Enter")
    page.wait_for_selector("#tower")


def held_up(platform: Platform) -> Json:
    """Let a payout to a listed name be held up, and return it."""
    ana = platform.client("ana")
    account = {"type": "bank_account", "holder": LISTED, "routing_number": "101050001"}
    account["account_number"] = f"98{secrets.randbelow(10**8):08d}"
    answer = ana.send("POST", "/instruments", account, key=secrets.token_hex(8))
    assert answer.status_code == 201, answer.text
    made = ana.withdraw("41.00", instrument=answer.json()["id"])
    return ana.until(made["id"], lambda row: row["state"] == "COMPLIANCE_CHECK")


def test_a_held_up_transaction_is_decided_with_a_reason(page: Any, platform: Platform, pictures: Path) -> None:
    row = held_up(platform)
    sign_in(page, platform, "compliance_officer")
    page.goto(f"{platform.facts['base_url']}/console/compliance/case/?q={row['id']}")
    page.click("table tbody tr td a")
    page.wait_for_selector("text=Evidence")
    page.screenshot(path=str(pictures / "case.png"), full_page=True)
    page.click("text=Approve")

    # The browser would stop what is too short before it is sent: it is the server's own answer that is looked at.
    page.wait_for_selector("form.c-card")
    page.eval_on_selector("form.c-card", "form => { form.noValidate = true }")
    page.fill("#id_reason", "no")
    page.click("form button.c-primary")
    page.wait_for_selector("form.c-card :text('at least 5 characters')")
    page.fill("#id_reason", "Spoke to the customer, the name is a coincidence.")
    page.screenshot(path=str(pictures / "approve.png"), full_page=True)
    page.click("form button.c-primary")

    page.wait_for_selector("#main :text('The case is approved')")
    assert platform.client("ana").settled(row["id"])["state"] == "COMPLETED"
    assert [text for text in page.complaints if "422" not in text] == []


def test_the_tower_hears_of_a_transaction_without_being_asked(page: Any, platform: Platform, pictures: Path) -> None:
    sign_in(page, platform, "operations")
    page.wait_for_selector("#tower-live:has-text('live')", timeout=60_000)
    before = page.inner_text("#tower .c-bars + .c-axis, #tower .c-note")
    page.evaluate("document.querySelector('#tower').dataset.seen = 'the same page'")

    row = platform.client("ana").deposit("100.00")
    platform.client("ana").settled(row["id"])

    eventually(lambda: page.inner_text("#tower .c-note") != before or None, timeout_s=45.0, pause_s=0.3)
    assert page.get_attribute("#tower", "data-seen") == "the same page"
    page.screenshot(path=str(pictures / "tower.png"), full_page=True)
    page.goto(f"{platform.facts['base_url']}/console/orchestration/transaction/?q={row['id']}")
    page.click("table tbody tr td a")
    page.wait_for_selector("text=Where it stands")
    story = page.inner_text("#main")
    for part in ("Where it stands", "Timeline", "Fees", "Ledger lines", "Attempts", "Provider calls", "Webhooks"):
        assert part in story, part
    page.screenshot(path=str(pictures / "transaction.png"), full_page=True)
    assert page.complaints == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_screen_is_accessible(page: Any, platform: Platform, pictures: Path, colours: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # A code works once, so each colour has a member of staff of its own.
    sign_in(page, platform, "auditor" if colours == "light" else "superuser")
    page.evaluate("word => localStorage.setItem('adminTheme', JSON.stringify(word))", colours)
    page.reload()
    links = page.eval_on_selector_all("#nav-sidebar a[href^='/console/']", "found => found.map(each => each.href)")
    assert len(links) >= 12

    found: dict[str, list[str]] = {}
    for link in dict.fromkeys(links):
        page.goto(link)
        page.wait_for_timeout(200)
        page.screenshot(path=str(pictures / f"{colours}-{link.split('/')[-2]}.png"))
        serious = [each["id"] for each in axe.run(page).response["violations"] if each["impact"] in SERIOUS]
        if serious:
            found[link] = serious

    assert found == {}
    assert page.complaints == []
