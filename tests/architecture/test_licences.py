"""What ships may be passed on: no GPL and no AGPL among the packages that run (tests may use them)."""

import re
from importlib import metadata

from tests.architecture import source

STRICT = re.compile(r"(?<!L)(?<!Lesser )\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)


def shipped() -> list[str]:
    text = (source.ROOT / "requirements" / "run.txt").read_text()
    return re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)


def licence_of(name: str) -> str:
    """Return what a package says about its licence: the expression, the short field and the classifiers."""
    facts = metadata.metadata(name)
    short = (facts.get("License") or "").splitlines()[:1]
    classifiers = [each for each in facts.get_all("Classifier") or [] if each.startswith("License")]
    return " / ".join([facts.get("License-Expression") or "", *short, *classifiers])


def test_nothing_that_ships_is_under_gpl() -> None:
    installed = {dist.metadata["Name"].lower().replace("_", "-") for dist in metadata.distributions()}
    found = {name: licence_of(name) for name in shipped() if name in installed}

    assert len(found) > 70
    assert {name: text for name, text in found.items() if STRICT.search(text)} == {}


def test_the_rule_would_notice() -> None:
    assert STRICT.search("License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert STRICT.search("AGPL-3.0-only")
    assert not STRICT.search("LGPL-3.0-only")
    assert not STRICT.search("GNU Lesser General Public License v3")
