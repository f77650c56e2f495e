import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meters", "0002_usage_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("premises", "Premises (ERCOT's TDSP ESIID extract)"),
                            ("meters", "Meter numbers (CSV of ESIID and meter number)"),
                            ("usage", "Usage (Smart Meter Texas interval CSV)"),
                        ],
                        max_length=10,
                        verbose_name="type of file",
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("size", models.BigIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "queued_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="uploaded"),
                ),
                ("started_at", models.DateTimeField(null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Waiting"), ("running", "Loading"), ("done", "Done"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("bytes_done", models.BigIntegerField(default=0)),
                ("bytes_total", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0, verbose_name="rows read")),
                ("new", models.BigIntegerField(default=0, verbose_name="new")),
                ("changed", models.BigIntegerField(default=0, verbose_name="changed")),
                ("unchanged", models.BigIntegerField(default=0, verbose_name="unchanged")),
                ("older", models.BigIntegerField(default=0, verbose_name="days older than the retention period")),
                ("rejected", models.BigIntegerField(default=0, verbose_name="rows rejected")),
                ("rejected_by_reason", models.JSONField(default=dict)),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="loaded by",
                    ),
                ),
                (
                    "tdsp",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="meters.tdsp",
                        verbose_name="TDSP",
                    ),
                ),
            ],
            options={
                "verbose_name": "data file",
                "verbose_name_plural": "data files",
                "ordering": ["-queued_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="UploadChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("content", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="meters.upload"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="UploadRejection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.CharField(max_length=250)),
                ("line", models.BigIntegerField()),
                ("reason", models.CharField(max_length=20)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rejections", to="meters.upload"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running"])), fields=["queued_at"], name="upload_unfinished"
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("kind", "sha256", "tdsp"),
                name="upload_waits_once",
                nulls_distinct=False,
                violation_error_message="This file is already being loaded. See its page under Data files.",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["premises", "meters", "usage"])), name="upload_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "running", "done", "failed"])), name="upload_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadchunk",
            constraint=models.UniqueConstraint(fields=("upload", "number"), name="chunk_once"),
        ),
    ]
