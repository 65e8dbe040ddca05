"""The keys that sign registry tokens."""

from django.db import models
from django.db.models import F, Q


class SigningKey(models.Model):
    """A leaf key under the site's certificate authority.

    The private key is encrypted under a key from the environment, so that a copy of the
    database alone signs nothing.
    """

    key_id = models.CharField(max_length=64, unique=True)
    encrypted_private_key = models.BinaryField()
    certificate = models.BinaryField()  # DER
    authority_certificate = models.BinaryField()  # PEM
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-not_after"]
        constraints = [
            models.CheckConstraint(
                condition=Q(not_after__gt=F("not_before")), name="registries_key_ends_later"
            )
        ]

    def __str__(self) -> str:
        return self.key_id


class AnnouncedAuthority(models.Model):
    """At most one row: the authority that is handed out already and certifies no key yet."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    certificate = models.BinaryField()  # PEM
    announced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="registries_announced_authority_one_row")
        ]

    def __str__(self) -> str:
        return f"announced {self.announced_at:%Y-%m-%d %H:%M}"
