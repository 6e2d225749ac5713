"""Who may come in where: homes, help, and the two questions of a machine."""

from enum import StrEnum

from accounts.models import Role
from core.doors import GET, Anyone, Rule, page, task
from telehealth.roles import hats

MEANS: dict[Rule, set[StrEnum]] = {hats: {Anyone.OWNER}}

DOORS = (
    page("home", GET, Anyone.ANYBODY, what="One's own home; signed out, what Lantern is."),
    page("home_as", GET, hats, what="The home of one of one's own roles."),
    page("caseload", GET, Role.THERAPIST, what="The children of one's own care teams."),
    page("emergency_help", GET, Anyone.ANYBODY, what="Whom to call now, by country."),
    page("demo_codes", GET, Anyone.DEMO, what="The codes of the demo's second factors."),
    page("livez", GET, Anyone.ANYBODY, what="Does this process answer?"),
    page("readyz", GET, Anyone.ANYBODY, what="Is everything there that it needs?"),
    task("core.tasks.beat_heartbeat", what="Prove that clock and worker are alive."),
    task("telehealth.tasks.keep_demo_session", what="A session about to start, in the demo only."),
)
