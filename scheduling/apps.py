from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Availability, appointments, reminders"

    def ready(self) -> None:
        from scheduling import holdings, notices

        notices.register_all()
        holdings.register_all()
