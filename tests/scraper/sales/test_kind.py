import pytest

from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, SHOP, only_sale, read

VEFA = {"nature_mutation": "Vente en l'état futur d'achèvement"}
BUILDING_LAND = {"nature_mutation": "Vente terrain à bâtir"}
AUCTION = {"nature_mutation": "Adjudication"}
ELSEWHERE = {"adresse_numero": "14", "id_parcelle": "01053000AB0014"}


@pytest.mark.parametrize(
    "lines, kind, offered, rejected",
    [
        ([HOUSE], "house", True, None),
        ([FLAT, GARAGE], "apartment", True, None),
        ([HOUSE, PLOT], "house", True, None),
        ([FLAT | VEFA], "apartment", True, None),
        ([HOUSE | AUCTION], "house", True, None),
        ([PLOT], "land", True, "no_dwelling"),
        ([PLOT | BUILDING_LAND], "land", True, "nature"),
        ([PLOT, PLOT | BUILDING_LAND], "land", True, "nature"),
        ([PLOT | VEFA], "other", False, "no_dwelling"),
        ([PLOT | AUCTION], "other", False, "no_dwelling"),
        ([SHOP], "commercial", True, "no_dwelling"),
        ([SHOP, GARAGE, PLOT], "commercial", True, "no_dwelling"),
        ([SHOP | VEFA], "commercial", False, "no_dwelling"),
        ([GARAGE], "other", False, "no_dwelling"),
        ([GARAGE, PLOT], "other", False, "no_dwelling"),
        ([FLAT, FLAT], "other", True, "several_dwellings"),
        ([FLAT, HOUSE], "other", True, "several_dwellings"),
        ([HOUSE, HOUSE | ELSEWHERE], "other", False, "several_dwellings"),
        ([FLAT, SHOP], "other", True, "mixed_with_business"),
        ([FLAT, SHOP | ELSEWHERE], "other", False, "mixed_with_business"),
        ([HOUSE | {"valeur_fonciere": ""}], "other", False, "no_price_or_symbolic"),
        ([HOUSE | {"valeur_fonciere": "1"}], "other", False, "no_price_or_symbolic"),
        ([HOUSE | {"valeur_fonciere": "1.01"}], "house", True, None),
    ],
)
def test_kind_and_offer(lines, kind, offered, rejected):
    sale = only_sale(*lines)
    assert (sale["kind"], sale["offered"], sale["rejected"]) == (kind, offered, rejected)


@pytest.mark.parametrize("nature", ["Echange", "Expropriation", "Donation", ""])
def test_other_natures_are_dropped_and_counted(nature):
    reading = read(HOUSE, GARAGE | {"nature_mutation": nature})
    assert (reading.sales.height, reading.rejected["nature"], reading.groups) == (0, 1, 1)


def test_building_land_with_a_house_is_dropped():
    assert read(HOUSE | BUILDING_LAND).sales.height == 0


def test_the_first_reason_counts():
    free = {"valeur_fonciere": "1"}
    reading = read(FLAT | free | {"nature_mutation": "Echange"}, FLAT | free, SHOP | free)
    assert reading.rejected["nature"] == 1
    assert sum(reading.rejected.values()) == 1


def test_sales_without_a_price_count_under_no_kind():
    assert set(read(HOUSE | {"valeur_fonciere": ""}).kinds.values()) == {0}


def test_what_a_sale_is_flagged_with():
    assert only_sale(FLAT | VEFA)["new_build"]
    assert only_sale(FLAT | AUCTION)["auction"]
    assert not only_sale(FLAT)["new_build"]
