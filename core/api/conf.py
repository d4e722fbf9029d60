"""The settings of DRF and of the OpenAPI document, imported by the project's settings. No Django in here."""

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "core.api.problems.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "core.api.openapi.ContractSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": (
        "core.identity.authentication.ApiKeyAuthentication",
        "core.identity.authentication.JwtAuthentication",
    ),
    "DEFAULT_RENDERER_CLASSES": ("core.api.encoding.JsonRenderer",),
    "DEFAULT_PARSER_CLASSES": ("core.api.encoding.JsonParser",),
    "DEFAULT_PERMISSION_CLASSES": (),
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "diBoaS",
    "DESCRIPTION": "Banking, investing and DeFi behind one wallet.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": (),
    "SERVE_PERMISSIONS": (),
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": (
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.openapi.add_problem_schema",
    ),
}
