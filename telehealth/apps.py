from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"
    verbose_name = "Lantern"

    def ready(self) -> None:
        # The first registers the deploy checks; the second makes our Celery app the default, so
        # that a task sent from a page finds our broker.
        from telehealth import celery, checks  # noqa: F401
