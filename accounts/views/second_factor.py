"""allauth's steps around the second factor, each with its row in the audit trail."""

from typing import Any, ClassVar

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.sign_in import SECOND_FACTOR
from core.audit.actions import record


class Recorded:
    action: ClassVar[str]
    request: HttpRequest
    http_method_names: ClassVar = ["get", "post"]  # Django would take a PUT for a POST

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            record(actor=self.request.user, action=self.action, obj=self.request.user)  # type: ignore[arg-type]
        return answer


class Added(Recorded):
    """Who has just shown the new factor need not show it once more to go on."""

    action = "second_factor.add"
    kind: ClassVar[str]

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        record_authentication(self.request, self.request.user, SECOND_FACTOR, type=self.kind)
        return answer


class AppAdd(Added, ActivateTOTPView):  # type: ignore[misc]
    kind = "totp"


class AppRemove(Recorded, DeactivateTOTPView):  # type: ignore[misc]
    action = "second_factor.remove"


class PasskeyAdd(Added, AddWebAuthnView):  # type: ignore[misc]
    kind = "webauthn"


class PasskeyRemove(Recorded, RemoveWebAuthnView):  # type: ignore[misc]
    action = "second_factor.remove"

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.object):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return redirect("mfa_index")
        return super().form_valid(form)


class RecoveryCodesMake(Recorded, GenerateRecoveryCodesView):  # type: ignore[misc]
    action = "second_factor.recovery_codes"
