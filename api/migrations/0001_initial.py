"""Clients of the API, their keys and tokens, and an UNLOGGED table of what each asks in a minute (P1, P5, P7, V14)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("companies", "0003_api_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiClient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "environment",
                    models.CharField(choices=[("live", "Live"), ("test", "Test")], default="live", max_length=4),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("contact_name", models.CharField(max_length=120, verbose_name="contact name")),
                (
                    "contact_phone",
                    phonenumber_field.modelfields.PhoneNumberField(
                        max_length=128, region=None, verbose_name="contact phone"
                    ),
                ),
                ("contact_email", models.EmailField(max_length=254, verbose_name="contact email")),
                (
                    "allowed_networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), blank=True, default=list, size=None
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="created"),
                ),
                ("disabled_at", models.DateTimeField(null=True, verbose_name="turned off")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_client",
                        to="companies.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "API client",
                "verbose_name_plural": "API clients",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=8, unique=True)),
                ("key_hash", models.CharField(max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="created"),
                ),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("replaced_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                ("last_network_hash", models.CharField(blank=True, max_length=64)),
                ("form_id", models.UUIDField(null=True, unique=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="api.apiclient"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="api.apikey"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RequestWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.CharField(max_length=20)),
                ("begins_at", models.DateTimeField()),
                ("used", models.PositiveIntegerField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="api.apiclient"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.CheckConstraint(
                condition=models.Q(("environment__in", ["live", "test"])), name="api_client_environment_is_known"
            ),
        ),
        migrations.AddIndex(
            model_name="apikey",
            index=models.Index(
                condition=models.Q(("revoked_at", None)), fields=["expires_at"], name="api_key_not_revoked"
            ),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["expires_at"], name="api_token_age"),
        ),
        migrations.AddConstraint(
            model_name="requestwindow",
            constraint=models.UniqueConstraint(fields=("client", "policy"), name="request_window_once_per_policy"),
        ),
        migrations.RunSQL(
            "ALTER TABLE api_requestwindow SET UNLOGGED", reverse_sql="ALTER TABLE api_requestwindow SET LOGGED"
        ),
    ]
