"""The operations console's theme and navigation (django-unfold). The palette is the product's."""

from typing import Any

from django.templatetags.static import static

BASE = {
    "50": "#fbf8f6",
    "100": "#f3eeea",
    "200": "#e6e0da",
    "300": "#c9d3d4",
    "400": "#94a6aa",
    "500": "#5d7075",
    "600": "#40545a",
    "700": "#263945",
    "800": "#1b2d39",
    "900": "#13212b",
    "950": "#0b171f",
}
PRIMARY = {
    "50": "#f0fdfa",
    "100": "#ccfbf1",
    "200": "#99f6e4",
    "300": "#5eead4",
    "400": "#2dd4bf",
    "500": "#2dd4bf",
    "600": "#0f766e",
    "700": "#115e59",
    "800": "#134e4a",
    "900": "#113f3c",
    "950": "#042f2e",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "diBoaS operations",
    "SITE_HEADER": "diBoaS",
    "SITE_SUBHEADER": "Operations",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("console/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("console/logo.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "16px",
    "STYLES": [lambda _request: static("console/console.css")],
    "COLORS": {
        "base": BASE,
        "primary": PRIMARY,
        "font": {
            "subtle-light": "var(--color-base-500)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "#0b1f24",
            "default-dark": "#eef4f4",
            "important-light": "#0b1f24",
            "important-dark": "#eef4f4",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "core.console.navigation.sidebar",
    },
    "COMMAND": {"search_models": False, "show_history": False},
}
