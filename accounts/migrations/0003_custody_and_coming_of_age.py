from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations, models


def fill(apps: Any, _schema_editor: Any) -> None:
    for child in apps.get_model("accounts", "Child").objects.select_related("user"):
        year = child.birth_date.year + 18
        try:
            day = child.birth_date.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(child.user.time_zone))
        child.adult_at = midnight.astimezone(UTC)
        child.save(update_fields=["adult_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_signed_words_stay"),
    ]

    operations = [
        migrations.AddField(
            model_name="child",
            name="custody",
            field=models.CharField(
                choices=[
                    ("one", "One parent or carer can decide"),
                    ("both", "Both decide together"),
                    ("court", "A court has decided"),
                ],
                default="one",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="child",
            name="adult_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="child",
            name="adult_at",
            field=models.DateTimeField(editable=False),
        ),
    ]
