"""Who may open the inbox, and the demo's mailbox."""

from core.doors import GET, POST, Anyone, page, task
from core.notifications.access import get_message_for

MEANS = {get_message_for: {Anyone.OWNER}}

DOORS = (
    page("inbox", GET, Anyone.SIGNED_IN, what="One's own messages."),
    page("inbox_read_all", POST, Anyone.SIGNED_IN, what="Mark all of one's messages read."),
    page("inbox_read", POST, get_message_for, what="Open one of one's own messages."),
    page(
        "inbox_push",
        POST,
        Anyone.SIGNED_IN,
        what="Messages on this device, where the clinic has turned that on.",
    ),
    page("mailbox", GET, Anyone.DEMO, what="Every e-mail of the demo clinic."),
    page("mailbox_message", GET, Anyone.DEMO, what="One e-mail of the demo clinic."),
    page("mailbox_attachment", GET, Anyone.DEMO, what="A file that came with a demo e-mail."),
    task("core.notifications.tasks.deliver_due", what="Send the messages that are due."),
)
