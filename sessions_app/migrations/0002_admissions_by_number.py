from django.db import migrations, models
from django.db.models import Q

# What was kept by the clock until now, in numbers.
NUMBERS = """
UPDATE sessions_app_admission admission SET
  from_seq = COALESCE((SELECT max(seq) FROM sessions_app_chatmessage message
    WHERE message.session_id = seat.session_id AND sent_at < admission.started_at), 0),
  until_seq = CASE WHEN admission.ended_at IS NOT NULL THEN
    COALESCE((SELECT max(seq) FROM sessions_app_chatmessage message
      WHERE message.session_id = seat.session_id AND sent_at <= admission.ended_at), 0) END
FROM sessions_app_participant seat WHERE seat.id = admission.participant_id
"""


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_sessions")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="opened_for",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="admission",
            name="from_seq",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="admission",
            name="until_seq",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.RunSQL(NUMBERS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.CheckConstraint(
                condition=Q(ended_at=None, until_seq=None)
                | Q(ended_at__isnull=False, until_seq__isnull=False),
                name="admission_ends_with_a_line",
            ),
        ),
    ]
