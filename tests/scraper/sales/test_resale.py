import pytest

from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, read

LATER = {"date_mutation": "2023-06-01", "valeur_fonciere": "260000"}
RENUMBERED = {"id_parcelle": "01053000ZZ0001"}


def is_resold(target: list[dict[str, str]], later: list[dict[str, str]]) -> bool:
    """The definition of `resale`, on two sales."""
    sales = read(*target, *(line | LATER for line in later)).sales.sort("sold_on")
    assert sales.height == 2
    return bool(set(sales["own_keys"][0]) & set(sales["covered_keys"][1]))


@pytest.mark.parametrize(
    "target, later",
    [
        ([FLAT], [FLAT]),
        ([HOUSE], [HOUSE]),
        ([HOUSE], [HOUSE | {"surface_reelle_bati": "140"}]),
        ([HOUSE], [HOUSE | {"lot1_numero": "1"}]),
        ([HOUSE], [PLOT]),
        ([HOUSE], [HOUSE | {"valeur_fonciere": "1"}]),
        ([FLAT], [FLAT, FLAT | {"lot1_numero": "9"}]),
        ([FLAT], [FLAT | RENUMBERED]),
        ([HOUSE], [HOUSE | RENUMBERED | {"adresse_nom_voie": "Rue des Lilas"}]),
    ],
    ids=[
        "flat", "house", "extended", "divided", "demolished", "for-nothing", "in-bulk",
        "flat-renumbered", "house-renumbered",
    ],
)  # fmt: skip
def test_a_home_sold_again_is_seen(target, later):
    assert is_resold(target, later)


@pytest.mark.parametrize(
    "target, later",
    [
        ([FLAT], [FLAT | {"lot1_numero": "9"}]),
        ([FLAT, GARAGE], [GARAGE]),
        ([HOUSE, PLOT | RENUMBERED], [PLOT | RENUMBERED]),
        ([HOUSE], [HOUSE | RENUMBERED | {"adresse_numero": "14"}]),
        ([HOUSE | {"adresse_numero": ""}], [HOUSE | RENUMBERED | {"adresse_numero": ""}]),
    ],
    ids=["other-lot", "its-garage", "its-garden", "next-door", "no-number"],
)
def test_another_sale_nearby_is_none(target, later):
    assert not is_resold(target, later)


def test_keys_are_never_missing():
    nowhere = {"id_parcelle": "", "adresse_numero": "", "adresse_nom_voie": ""}
    sale = read(HOUSE | nowhere).sales.row(0, named=True)
    assert (sale["own_keys"], sale["covered_keys"]) == ([], [])
