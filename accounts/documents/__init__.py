"""The texts that are signed, as files; each version is written to its table once and stays."""

import hashlib
import json
from pathlib import Path

from django.utils import timezone

from accounts.models import ConsentDocument

FOLDER = Path(__file__).parent


def load_documents() -> int:
    """Write versions that are missing; answers how many. A changed file needs a new version."""
    made = 0
    for facts_file in sorted(FOLDER.glob("*.json")):
        facts = json.loads(facts_file.read_text())
        body = facts_file.with_suffix(".md").read_text()
        child_body = facts_file.with_suffix(".child.md").read_text()
        _row, created = ConsentDocument.objects.get_or_create(
            kind=facts["kind"],
            version=facts["version"],
            language=facts["language"],
            defaults={
                "title": facts["title"],
                "body": body,
                "child_body": child_body,
                "comprehension": facts["comprehension"],
                "substantive": facts["substantive"],
                "sha256": hashlib.sha256(body.encode()).hexdigest(),
                "published_at": timezone.now(),
            },
        )
        made += created
    return made
