"""Who looked, copies, erasure and holds. Included at the root."""

from django.urls import path

from records.views import copies, erasures, looked

urlpatterns = [
    path("children/<uuid:child_id>/looked/", looked.who_looked, name="who_looked"),
    path("children/<uuid:child_id>/copy/", copies.record_copy, name="record_copy"),
    path("children/<uuid:child_id>/erase/", erasures.erasure_ask, name="erasure_ask"),
    path("copies/<uuid:copy_id>/", copies.copy_take, name="copy_take"),
    path("erasures/", erasures.erasures, name="erasures"),
    path("erasures/<uuid:erasure_id>/", erasures.erasure, name="erasure"),
    path("erasures/<uuid:erasure_id>/approve/", erasures.approve, name="erasure_approve"),
    path("erasures/<uuid:erasure_id>/confirm/", erasures.confirm, name="erasure_confirm"),
    path("erasures/<uuid:erasure_id>/decline/", erasures.decline, name="erasure_decline"),
    path("holds/", erasures.hold_place, name="hold_place"),
    path("holds/<uuid:hold_id>/end/", erasures.hold_end, name="hold_end"),
]
