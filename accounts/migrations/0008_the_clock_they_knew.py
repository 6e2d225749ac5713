from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_row_security"),
    ]

    operations = [
        # Nothing was flagged by a release before this one; a row without a clock falls back to UTC.
        migrations.AddField(
            model_name="riskflag",
            name="zone_shown",
            field=models.CharField(default="UTC", max_length=64),
            preserve_default=False,
        ),
    ]
