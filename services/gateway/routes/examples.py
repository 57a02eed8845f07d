"""An example of every body and answer, shown in the description of the interface."""

from collections.abc import Mapping
from typing import Any, Final

CLIENT: Final = "0199c0de-0000-7000-8000-000000000001"
JOB: Final = "0199c0de-0000-7000-8000-0000000000a1"
BOURG: Final = "b03be7e8-c79c-5dc5-804e-692d274fc2cf"
MOMENT: Final = "2026-11-21T08:00:00Z"

BODIES: Final[Mapping[str, Any]] = {
    "register_client": {
        "first_name": "Camille",
        "last_name": "Durand",
        "email": "camille.durand@agence.example",
        "company_name": "Agence Durand",
        "subscription_type": "pro",
        "send_day": 15,
        "addresses_per_report": 10,
        "chosen_cities": ["01053"],
        "property_type_preferences": ["house", "apartment"],
    },
    "process_client": {"client_id": CLIENT},
    "add_addresses": {"client_id": CLIENT, "count": 5},
    "run_schedule": {"kind": "send_day", "date": "2026-11-21", "dry_run": True},
    "request_import": {"department": "01"},
}

_WORK: Final = {"state": "done", "done": 2, "total": 2, "seconds": 1.2}

_REGISTERED: Final = {
    **BODIES["register_client"],
    "client_id": CLIENT,
    "status": "active",
    "telephone": None,
    "locale": "fr",
    "chosen_cities": [BOURG],
    "active_since": "2026-11-21",
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "last_updated": None,
}

ANSWERS: Final[Mapping[str, Any]] = {
    "health": {"status": "ok", "service": "TrackImmo API", "version": "0.1.0"},
    "api_health": {"status": "ok", "service": "TrackImmo API", "version": "0.1.0"},
    "version": {"version": "0.1.0", "service": "TrackImmo API"},
    "live": {"status": "ok"},
    "ready": {"status": "ok"},
    "register_client": _REGISTERED,
    "read_client": _REGISTERED,
    "process_client": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Processing started",
    },
    "add_addresses": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Adding 5 addresses",
    },
    "job_status": {
        "job_id": JOB,
        "client_id": CLIENT,
        "kind": "process",
        "status": "completed",
        "properties_assigned": 10,
        "error_message": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "progress": {
            "step": "mail",
            "steps": {"scrape": _WORK, "assign": _WORK, "mail": {"state": "sent", "seconds": 0.4}},
            "attempt": 1,
            "next_attempt_at": None,
        },
    },
    "client_properties": {
        "success": True,
        "client_id": CLIENT,
        "total_count": 1,
        "returned_count": 1,
        "properties": [
            {
                "address_id": "5f0c6f3e-3f0f-5b43-9c39-3d0f8f6f1c11",
                "address_raw": "12 B RUE DE LA REPUBLIQUE",
                "city_name": "Bourg-en-Bresse",
                "postal_code": "01000",
                "insee_code": "01053",
                "price": 182000.0,
                "surface": 96.0,
                "rooms": 4,
                "property_type": "house",
                "sale_date": "2019-06-14",
                "latitude": 46.2056,
                "longitude": 5.2281,
                "client_address_info": {"status": "new", "send_date": "2026-11-21", "notes": None},
            }
        ],
    },
    "find_cities": [
        {
            "city_id": BOURG,
            "name": "Bourg-en-Bresse",
            "postal_code": "01000",
            "postal_codes": ["01000"],
            "insee_code": "01053",
            "department": "01",
            "region": "84",
            "population": 42111,
            "house_price_avg": 2150,
            "apartment_price_avg": 1890,
            "last_scraped": MOMENT,
            "covered": True,
        }
    ],
    "admin_health": {
        "status": "ok",
        "timestamp": MOMENT,
        "components": {
            "database": {"status": "ok", "message": "Connected, 150 total clients"},
            "email": {"status": "unknown", "message": "Not configured"},
        },
    },
    "run_schedule": {
        "kind": "send_day",
        "date": "2026-11-21",
        "dry_run": True,
        "tick": "new",
        "ran_at": None,
        "clients": [{"client_id": CLIENT, "effective_day": "2026-11-21", "already_served": False}],
    },
    "request_import": {"id": JOB, "href": f"/admin/imports/{JOB}"},
    "read_import": {"state": "running", "done": 9, "total": 18, "error": None},
}
