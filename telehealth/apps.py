from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"
    verbose_name = "Lantern"

    def ready(self) -> None:
        from telehealth import checks  # noqa: F401  # registers them
