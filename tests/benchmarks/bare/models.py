"""A plain table."""

from typing import ClassVar

from django.db import models


class Row(models.Model):
    received_at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        app_label: ClassVar[str] = "bare"

    def __str__(self) -> str:
        return str(self.pk)
