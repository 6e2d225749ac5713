"""Row-level security on what was written in a session and about it (see core.rls)."""

from django.db import migrations

CHAT = """sender_id = app_person() OR EXISTS (
    SELECT FROM sessions_app_session s JOIN scheduling_appointment a ON a.id = s.appointment_id
    WHERE s.id = session_id AND a.child_id = ANY ((SELECT app_children(app_person()))::uuid[]))"""
NOTE = """author_id = app_person() OR EXISTS (
    SELECT FROM scheduling_appointment a
    WHERE a.id = appointment_id AND a.child_id = ANY ((SELECT app_treated(app_person()))::uuid[]))"""
ADDENDUM = """author_id = app_person() OR EXISTS (
    SELECT FROM sessions_app_sessionnote n WHERE n.id = note_id)"""


def policy(table: str, allowed: str) -> migrations.RunSQL:
    """Only rows for which `allowed` holds exist for a person; all of them for the system."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tied ON {table} USING ((SELECT app_is_system()) OR {allowed});
        """,
        f"""
        DROP POLICY tied ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0002_admissions_by_number"),
        ("accounts", "0007_row_security"),
    ]

    operations = [
        policy("sessions_app_chatmessage", CHAT),
        policy("sessions_app_sessionnote", NOTE),
        policy("sessions_app_noteaddendum", ADDENDUM),
    ]
