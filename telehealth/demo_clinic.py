"""The demo clinic's people, as data: three therapists, eight families, four time zones."""

from dataclasses import dataclass

PASSWORD = "lantern-demo"  # noqa: S105  # a demo sign-in, easy for a child, printed at start; never in production


@dataclass(frozen=True)
class DemoTherapist:
    username: str
    name: str
    title: str
    about: str
    zone: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class DemoFamily:
    guardian: str
    child: str
    age: int
    zone: str
    place: str
    relation: str
    therapist: str  # username
    # How far the family has come: "new", "signed" (child has not answered), "active"
    stage: str
    second_guardian: str = ""


THERAPISTS = (
    DemoTherapist(
        "amara",
        "Amara",
        "Clinical psychologist",
        "I help children live with headaches and joint pain. I like drawing and bad jokes.",
        "Europe/London",
        ("GB", "IE"),
    ),
    DemoTherapist(
        "jonas",
        "Jonas",
        "Child and youth psychotherapist",
        "I work with tummy pain and CRPS. We go slowly, and you decide what we talk about.",
        "Europe/Berlin",
        ("DE", "GB"),
    ),
    DemoTherapist(
        "rosa",
        "Rosa",
        "Paediatric pain psychologist",
        "I help with school, sleep and getting back to the things you love.",
        "America/New_York",
        ("US-NY", "AU"),
    ),
)

FAMILIES = (
    DemoFamily("maria", "Sam", 11, "Europe/London", "GB", "parent", "amara", "active", "dan"),
    DemoFamily("grace", "Tobi", 9, "Europe/London", "GB", "parent", "amara", "active"),
    DemoFamily("helen", "Wren", 15, "Europe/London", "GB", "foster", "amara", "signed"),
    DemoFamily("katrin", "Lina", 12, "Europe/Berlin", "DE", "parent", "jonas", "active"),
    DemoFamily("peter", "Emil", 8, "Europe/Berlin", "DE", "parent", "jonas", "active"),
    DemoFamily("denise", "Maya", 14, "America/New_York", "US-NY", "grandparent", "rosa", "active"),
    DemoFamily("carlos", "Leo", 10, "America/New_York", "US-NY", "parent", "rosa", "new"),
    DemoFamily("fiona", "Zoe", 16, "Australia/Sydney", "AU", "parent", "rosa", "active"),
)

# format, sections: what a therapist might have written
NOTES: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "soap",
        {
            "subjective": "School was hard on Tuesday; slept better after the breathing.",
            "objective": "Calm, sat up for most of the session, laughed twice.",
            "assessment": "Pacing starts to help with the afternoon crash.",
            "plan": "One small step more each school day; breathing before bed.",
        },
    ),
    (
        "dap",
        {
            "data": "Came with a drawing of the pain as a grumpy cat. Missed one day of school.",
            "assessment": "Talks about pain with more distance than a month ago.",
            "plan": "Draw the cat on a good day. Ask school for a place to lie down.",
        },
    ),
    (
        "birp",
        {
            "behaviour": "Tired, camera off for the first ten minutes, then on by own choice.",
            "intervention": "Activity plan for the week in three sizes: small, smaller, smallest.",
            "response": "Chose smallest for Monday and was proud of it.",
            "plan": "Look at the plan together; nothing is added if it was a hard week.",
        },
    ),
    (
        "soap",
        {
            "subjective": "Two nights without waking. Worried about the class trip.",
            "objective": "Quick answers, good colour, walked around the room.",
            "assessment": "Fear of a flare is now larger than the flares themselves.",
            "plan": "A plan for the trip with a way out that nobody has to explain.",
        },
    ),
)
