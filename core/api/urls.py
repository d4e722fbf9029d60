"""The addresses of identity, relative to /api/v1/."""

from django.urls import path

from core.api.endpoints import api_keys, auth, me, mfa

urlpatterns = [
    path("auth/sign-up", auth.SignUpView.as_view()),
    path("auth/sign-in", auth.SignInView.as_view()),
    path("auth/refresh", auth.RefreshView.as_view()),
    path("auth/sign-out", auth.SignOutView.as_view()),
    path("auth/mfa/totp", mfa.TotpView.as_view()),
    path("auth/mfa/totp/confirm", mfa.TotpConfirmView.as_view()),
    path("auth/mfa/verify", mfa.VerifyView.as_view()),
    path("me", me.MeView.as_view()),
    path("me/preferences", me.PreferencesView.as_view()),
    path("api-keys", api_keys.ApiKeysView.as_view()),
    path("api-keys/<str:key_id>", api_keys.ApiKeyView.as_view()),
]
