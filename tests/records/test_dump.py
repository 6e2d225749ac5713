"""A backup that gets lost tells nobody a child's words."""

import os
import subprocess

import pytest
from django.db import connection

from telehealth.embedded.postgres import binaries
from tests.cast import Cast
from tests.records.steps import whole_record


@pytest.mark.django_db(transaction=True)
def test_no_planted_word_is_in_a_dump_of_a_full_database(
    transactional_db: None, signed: Cast
) -> None:
    whole_record(signed)
    facts = connection.settings_dict
    address, port = facts["HOST"], str(facts["PORT"] or 5432)
    dump = subprocess.run(
        [
            *(str(binaries() / "pg_dump"), "--enable-row-security", "--dbname", facts["NAME"]),
            *("--host", address, "--port", port, "--username", facts["USER"]),
        ],
        env=os.environ | {"PGOPTIONS": "-c app.person=system:dump"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = dump.partition("COPY public.sessions_app_chatmessage ")[2].partition("\\.")[0]
    assert rows.count("\n") > 2, "the lines of the chat are in it, sealed"
    assert "sentinel" not in dump
    assert b"sentinel".hex() not in dump, "nor as bytes that were never sealed"
