"""Row-level security on who may act for a child and what was signed (see core.rls).

A policy asks about relations through functions, so that it does not meet itself. A relation that has ended ties nobody; when it began is left to
`accounts.access`, which decides.
"""

from django.db import migrations

BASICS = """
CREATE FUNCTION app_is_system() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT COALESCE(current_setting('app.person', true), '') LIKE 'system:%'
$$;
CREATE FUNCTION app_person() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('app.person', true) ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$'
        THEN current_setting('app.person', true)::uuid END
$$;
"""
TREATED = """
    SELECT m.child_id FROM accounts_careteammembership m
        JOIN accounts_therapist t ON t.id = m.therapist_id
        JOIN accounts_staffmembership s ON s.user_id = t.user_id AND s.role = 'therapist'
        WHERE t.user_id = person
        AND (m.ended_at IS NULL OR m.ended_at > clock_timestamp())
        AND (s.ended_at IS NULL OR s.ended_at > clock_timestamp())
    UNION ALL
    -- break-glass
    SELECT b.child_id FROM accounts_breakglass b
        WHERE b.person_id = person AND b.ended_at > clock_timestamp()
"""
TIED = f"""
    SELECT id FROM accounts_child WHERE user_id = person
    UNION ALL
    SELECT child_id FROM accounts_guardianlink WHERE guardian_id = person
        AND (ended_at IS NULL OR ended_at > clock_timestamp())
    UNION ALL
    {TREATED}
    UNION ALL
    -- the lead sees a child while something about its consent waits to be decided
    SELECT w.child_id FROM (
            SELECT child_id FROM accounts_consentmatter WHERE decided_at IS NULL
            UNION ALL
            SELECT child_id FROM accounts_assent WHERE answer = 'question' AND reply IS NULL
        ) w WHERE EXISTS (SELECT FROM accounts_staffmembership s WHERE s.user_id = person
            AND s.role = 'lead' AND (s.ended_at IS NULL OR s.ended_at > clock_timestamp()))
"""  # noqa: S608 (our own words)


def asked_as_system(name: str, query: str) -> str:
    """A function from a person to children's ids that sees all rows while it looks.

    Not `SET app.person` on the function: an ordinary role may not write that. Should the query
    fail, the error takes the setting back.
    """
    return f"""
        CREATE FUNCTION {name}(person uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
        DECLARE
            before text := current_setting('app.person', true);
            found uuid[];
        BEGIN
            PERFORM set_config('app.person', 'system:policy', true);
            found := ARRAY({query});
            PERFORM set_config('app.person', COALESCE(before, ''), true);
            RETURN found;
        END $$;
    """


NO_FUNCTIONS = """
DROP FUNCTION app_children(uuid);
DROP FUNCTION app_treated(uuid);
DROP FUNCTION app_person();
DROP FUNCTION app_is_system();
"""
MINE = "child_id = ANY ((SELECT app_children(app_person()))::uuid[])"


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
    dependencies = [("accounts", "0006_belonging_and_safety")]

    operations = [
        migrations.RunSQL(
            BASICS
            + asked_as_system("app_treated", TREATED)
            + asked_as_system("app_children", TIED),
            NO_FUNCTIONS,
        ),
        policy("accounts_guardianlink", f"guardian_id = app_person() OR {MINE}"),
        policy("accounts_consentsignature", f"signer_id = app_person() OR {MINE}"),
    ]
