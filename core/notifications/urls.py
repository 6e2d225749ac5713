"""/inbox/ and, in the demo only, /mailbox/. Included at the root by telehealth.urls."""

from django.urls import path

from core.notifications import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="inbox_read_all"),
    path("inbox/<uuid:message_id>/read/", views.read, name="inbox_read"),
    path("inbox/push/", views.push, name="inbox_push"),
    path("mailbox/", views.mailbox_list, name="mailbox"),
    path("mailbox/<uuid:message_id>/", views.mailbox_message, name="mailbox_message"),
    path(
        "mailbox/attachments/<uuid:attachment_id>/",
        views.mailbox_attachment,
        name="mailbox_attachment",
    ),
]
