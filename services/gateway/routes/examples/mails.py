"""Mails."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, JOB, MOMENT

MAIL: Final = "4c1f3a1e-6d62-5d6e-9f0e-2b1a7f3f9c55"
ADDRESS: Final = "camille.durand@agence.example"

BODIES: Final[Mapping[str, Any]] = {
    "resolve_mail": {"as": "sent"},
    "send_test_email": {"recipient": ADDRESS, "template_type": "notification"},
}

_LINE: Final = {
    "mail_id": MAIL,
    "kind": "notification",
    "subject_id": JOB,
    "period": "",
    "client_id": CLIENT,
    "job_id": JOB,
    "state": "sent",
    "version": 1,
    "attempts": 1,
    "next_try_at": None,
    "last_reply": "DATA: 250 2.0.0 Ok: queued as 4F1B2",
    "message_id": f"<{MAIL}@trackimmo.example>",
    "created_at": MOMENT,
    "updated_at": MOMENT,
}

_WORDS: Final = {
    "recipient": ADDRESS,
    "subject": "TrackImmo : 10 nouvelles adresses pour vous (novembre)",
    "headers": {"Message-ID": f"<{MAIL}@trackimmo.example>", "Content-Language": "fr"},
    "text_body": "Bonjour Camille, …",
    "html_body": "<!doctype html>…",
}

ANSWERS: Final[Mapping[str, Any]] = {
    "list_mails": [_LINE],
    "read_mail": {
        **_LINE,
        **_WORDS,
        "rendered_at": MOMENT,
        "tries": [
            {
                "number": 1,
                "verb": "DATA",
                "code": 250,
                "reply": "2.0.0 Ok: queued as 4F1B2",
                "duration_ms": 41,
                "outcome": "sent",
                "tried_at": MOMENT,
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
            }
        ],
    },
    "resolve_mail": {**_LINE, "version": 2, "last_reply": "settled by an operator"},
    "send_test_email": {
        "success": True,
        "message": f"Notification email sent to {ADDRESS}",
        "mail_id": MAIL,
        "href": f"/admin/mails/{MAIL}",
        "results": {
            "smtp_config": {
                "success": True,
                "message": "smtp.example.org:587 (starttls, with login), from bonjour@trackimmo.example",
            },
            "connection": {"success": True, "message": "Connected to smtp.example.org:587"},
            "send_test": {
                "success": True,
                "message": "DATA: 250 2.0.0 Ok: queued as 4F1B2",
                "state": "sent",
                "verb": "DATA",
                "code": 250,
                "duration_ms": 41,
            },
        },
    },
    "preview_mail": {"kind": "notification", "client_id": CLIENT, "sample": False, **_WORDS},
    "revoke_links": {
        "success": True,
        "client_id": CLIENT,
        "void_before": MOMENT,
        "message": "Links given before 2026-11-21T08:00:00Z open nothing any more",
    },
}
