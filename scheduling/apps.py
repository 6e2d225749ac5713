from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Availability, appointments, reminders"

    def ready(self) -> None:
        from scheduling.notices import register_all

        register_all()
