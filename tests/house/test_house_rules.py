"""The house rules hold in the product, and each rule can tell a good line from a bad one."""

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from tests.house.rules import APPS, ROOT, RULES, Rule, breaches, product_files

BY_NAME = {rule.name: rule for rule in RULES}

# the rule, a path it is about, a line that keeps it, a line that breaks it
LINES = [
    (
        "no queries in doors",
        "accounts/views/family.py",
        "child = get_child_for(user, child_id, Verb.SEE)",
        "child = Child.objects.get(pk=child_id)",
    ),
    (
        "no queries in doors",
        "sessions_app/consumers.py",
        "seat = await pool.run(enter, self.user, self.appointment_id)",
        "found = Session._default_manager.first()",
    ),
    (
        "no clock without a zone",
        "scheduling/slots.py",
        "now = datetime.now(UTC)",
        "now = datetime.now()",
    ),
    (
        "no clock without a zone",
        "scheduling/slots.py",
        "then = datetime.datetime.fromtimestamp(0, tz=UTC)",
        "then = datetime.datetime.utcnow()",
    ),
    (
        "no clock without a zone",
        "accounts/models.py",
        "today = timezone.now().astimezone(zone).date()",
        "today = date.today()",
    ),
    (
        "one door to broker and layer",
        "accounts/broadcast.py",
        "publish_on_commit(person_group(user_id), REVOKED, about)",
        "async_to_sync(layer.group_send)(group, event)",
    ),
    (
        "one door to broker and layer",
        "scheduling/actions/booking.py",
        "kick('core.notifications.tasks.deliver_due')",
        "deliver_due.delay()",
    ),
    (
        "one door to broker and layer",
        "telehealth/celery.py",
        "app.send_task('core.tasks.beat_heartbeat')",
        "beat_heartbeat.apply_async(countdown=3600)",
    ),
    (
        "migrations import no app",
        "accounts/migrations/0002_reasons.py",
        "import core.encryption.fields",
        "from accounts.models import Child",
    ),
    (
        "migrations import no app",
        "accounts/migrations/0002_reasons.py",
        "from django.db import migrations",
        "import scheduling.models",
    ),
    (
        "migrations import no app",
        "accounts/migrations/0002_reasons.py",
        "import functools",
        "from ..models import every_scope",
    ),
]
# where the name or the length of a file decides, not a line: the rule, good, bad
FILES = [
    (
        "migrations have names",
        ("accounts/migrations/0002_reason_of_withdrawal.py", ""),
        ("accounts/migrations/0002_auto_20261124_1010.py", ""),
    ),
    (
        "migrations have names",
        ("accounts/migrations/0001_people.py", ""),
        ("accounts/migrations/0001_initial.py", ""),
    ),
    (
        "migrations have names",
        ("accounts/migrations/0002_two_homes.py", ""),
        ("accounts/migrations/0002_alter_child_place_and_more.py", ""),
    ),
    (
        "modules under 400 lines",
        ("accounts/access.py", "x = 1\n" * 399),
        ("accounts/access.py", "x = 1\n" * 400),
    ),
    (
        "functions under 40 lines",
        ("accounts/access.py", 'def f():\n    """One\n    two.\n    """\n' + "    x = 1\n" * 38),
        ("accounts/access.py", "def f():\n" + "    x = 1\n" * 39),
    ),
    (
        "functions under 40 lines",
        ("accounts/access.py", "async def f():\n" + "    x = 1\n" * 38),
        ("accounts/access.py", "class A:\n    async def f():\n" + "        x = 1\n" * 39),
    ),
]
PAIRS = [(rule, (path, good), (path, bad)) for rule, path, good, bad in LINES] + FILES


@pytest.mark.parametrize("name", BY_NAME)
def test_every_rule_has_a_good_and_a_bad_line(name: str) -> None:
    assert any(rule == name for rule, _good, _bad in PAIRS)


@pytest.mark.parametrize(("name", "good", "bad"), PAIRS)
def test_a_good_line_passes(name: str, good: tuple[str, str], bad: tuple[str, str]) -> None:
    path, source = good
    assert BY_NAME[name].about(path)
    assert not breaches(BY_NAME[name], source, path)


@pytest.mark.parametrize(("name", "good", "bad"), PAIRS)
def test_a_bad_line_is_found(name: str, good: tuple[str, str], bad: tuple[str, str]) -> None:
    path, source = bad
    assert BY_NAME[name].about(path)
    assert breaches(BY_NAME[name], source, path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    paths = [path for path in product_files() if rule.about(path)]
    assert paths, "a rule about no file holds nothing"
    found = [
        line for path in paths for line in breaches(rule, (ROOT / path).read_text("utf-8"), path)
    ]
    assert not found, f"{rule.name}: {rule.finds.__doc__}"


def test_a_migration_is_not_called_what_django_would_call_it() -> None:
    """`makemigrations` without a name takes the operations' names; a person says what it is for."""
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in APPS}
    loader = MigrationLoader(None, ignore_no_migrations=True)
    migrations = [m for (label, _n), m in loader.disk_migrations.items() if label in ours]
    assert migrations
    for migration in migrations:
        _number, _, name = migration.name.partition("_")
        assert name != migration.suggest_name(), migration


def test_a_name_by_django_would_be_seen() -> None:
    """The rule above compares with what this call answers."""
    from django.db import migrations, models  # noqa: PLC0415

    add = migrations.AddField("child", "school", models.CharField(max_length=10))
    unnamed = type("M", (migrations.Migration,), {"operations": [add]})("0002_x", "accounts")
    assert unnamed.suggest_name() == "child_school"
