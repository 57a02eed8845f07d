"""Invented people, each erased at a point of its own."""

PERSON = {
    "first_name": "Apolline-{point}",
    "last_name": "Quiévrechain-{point}",
    "email": "apolline.{point}@quievrechain.example",
    "telephone": "+33 6 99 88 77 {point}",
    "company_name": "Pierres Quiévrechain {point}",
}
POINTS = {"choice": "01", "mail": "02", "claim": "03", "end": "04", "refused": "05"}


def person(point: str) -> dict[str, str]:
    return {name: text.format(point=POINTS[point]) for name, text in PERSON.items()}


def words() -> list[str]:
    """All that names one of them."""
    return [word for point in POINTS for word in person(point).values()]
