"""Row-level security on court orders, break-glass and what is kept from a guardian (core.rls).

Wider than who may open them, which accounts.access_family decides: whether consent stands asks for
a child's orders as everybody who is tied to it, and a guardian's own pages ask what is kept from
them. A stranger, and code that forgot whose it is, finds nothing.
"""

from django.db import migrations

TIED = "child_id = ANY ((SELECT app_children(app_person()))::uuid[])"
TREATED = "child_id = ANY ((SELECT app_treated(app_person()))::uuid[])"
LEAD = """EXISTS (SELECT FROM accounts_staffmembership s WHERE s.user_id = app_person()
    AND s.role = 'lead' AND (s.ended_at IS NULL OR s.ended_at > clock_timestamp()))"""


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
    dependencies = [("accounts", "0008_the_clock_they_knew")]

    operations = [
        policy("accounts_courtorder", f"uploaded_by_id = app_person() OR {TIED} OR {LEAD}"),
        policy("accounts_breakglass", f"person_id = app_person() OR {TIED} OR {LEAD}"),
        policy("accounts_riskflag", f"guardian_id = app_person() OR {TREATED} OR {LEAD}"),
    ]
