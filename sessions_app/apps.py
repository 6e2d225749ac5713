from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Live sessions and notes"

    def ready(self) -> None:
        from sessions_app.holdings import register_all

        register_all()
