"""Users that are no people: programs that act for a company (P1)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_last_name_index"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("meters", "0002_usage_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_person",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_person", True), ("is_active", False), _connector="OR"),
                name="only_people_are_active",
            ),
        ),
    ]
