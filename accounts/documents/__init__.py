"""The texts that are signed and the rules who signs, as files; each is written to its table.

`<name>.json` are the facts of one version, `<name>.md` the text that is signed, `<name>.teen.md`
and `<name>.child.md` the same promise for younger readers. A version once written stays.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import ConsentDocument, ConsentRule, ReadingLevel

FOLDER = Path(__file__).parent
RULES = FOLDER / "rules.json"
SUFFIXES = {
    ReadingLevel.ADULT: ".md",
    ReadingLevel.TEEN: ".teen.md",
    ReadingLevel.CHILD: ".child.md",
}


def load_documents() -> int:
    """Write versions that are missing; answers how many. A changed file needs a new version."""
    files = sorted(set(FOLDER.glob("*.json")) - {RULES})
    return sum(
        _load(json.loads(file.read_text()), file.with_suffix(suffix), level)
        for file in files
        for level, suffix in SUFFIXES.items()
    )


def _load(facts: dict[str, Any], text: Path, level: ReadingLevel) -> bool:
    body = text.read_text()
    _row, created = ConsentDocument.objects.get_or_create(
        kind=facts["kind"],
        place=facts.get("place", ""),
        version=facts["version"],
        language=facts["language"],
        level=level,
        defaults={
            "title": facts["title"],
            "body": body,
            "comprehension": facts["comprehension"] if level == ReadingLevel.ADULT else [],
            "substantive": facts["substantive"],
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
            "published_at": timezone.now(),
        },
    )
    return created


def load_rules() -> int:
    """Bring the table to what the file says; answers how many rows changed.

    A change of law is a new row with its own `valid_from`; a corrected source or a newer
    `verified_on` changes the row it belongs to.
    """
    changed = 0
    for facts in json.loads(RULES.read_text()):
        key = {name: facts.pop(name) for name in ("place", "kind", "valid_from")}
        known = ConsentRule.objects.filter(**key)
        if not known.exists():
            ConsentRule.objects.create(**key, **facts)
            changed += 1
        elif not known.filter(**facts).exists():
            changed += known.update(**facts)
    return changed
