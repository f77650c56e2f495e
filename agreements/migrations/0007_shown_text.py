from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agreements", "0006_retention")]

    operations = [
        migrations.AddField(
            "letter", "shown_language", models.CharField(blank=True, default="", max_length=10), preserve_default=False
        ),
        migrations.AddField("letter", "shown_text", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField(
            "letter", "shown_sha256", models.CharField(blank=True, default="", max_length=64), preserve_default=False
        ),
    ]
