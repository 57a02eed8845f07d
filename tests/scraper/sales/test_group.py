from datetime import date

import pytest

from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, only_sale, read


@pytest.mark.parametrize(
    "other",
    [
        {"date_mutation": "2019-03-02"},
        {"code_commune": "01004"},
        {"valeur_fonciere": "200000.01"},
        {"numero_disposition": "000002"},
    ],
)
def test_day_commune_cents_and_disposition_make_a_sale(other):
    assert read(HOUSE, HOUSE | other).groups == 2


def test_the_publishers_id_makes_no_sale():
    assert read(HOUSE | {"id_mutation": "1"}, PLOT | {"id_mutation": "2"}).groups == 1


def test_a_blank_disposition_is_the_first():
    dispositions = ("", "1", "000001", "1.0")
    assert read(*(HOUSE | {"numero_disposition": each} for each in dispositions)).groups == 1


def test_a_sale_over_two_communes_is_a_sale_in_each():
    reading = read(HOUSE, PLOT | {"code_commune": "01004", "id_parcelle": "01004000AB0001"})
    assert reading.kinds == {"house": 1, "apartment": 0, "land": 1, "commercial": 0, "other": 0}


def test_a_house_on_two_parcels_is_one_home():
    second = PLOT | {"id_parcelle": "01053000AB0013", "surface_terrain": "700"}
    sale = only_sale(second, HOUSE)
    assert (sale["kind"], sale["land_m2"], sale["parcel"]) == ("house", 1200, "01053000AB0012")


def test_a_dwelling_with_several_cultures_is_one_home():
    garden = {"code_nature_culture": "J", "surface_terrain": "300"}
    sale = only_sale(HOUSE, HOUSE | garden, GARAGE, GARAGE | garden)
    assert (sale["kind"], sale["surface_m2"], sale["land_m2"]) == ("house", 100, 800)


def test_like_flats_are_several_homes():
    reading = read(*[FLAT] * 30)
    assert (reading.rejected["several_dwellings"], reading.homes) == (1, 0)


@pytest.mark.parametrize("lines, is_one_home", [(1, True), (3, True), (4, True), (5, False)])
def test_lines_over_cultures_give_the_number_of_homes(lines, is_one_home):
    three_cultures = [PLOT | {"code_nature_culture": culture} for culture in "SJP"]
    assert bool(read(*[HOUSE] * lines, *three_cultures).homes) is is_one_home


def test_a_half_rounds_to_even_and_a_home_is_at_least_one():
    two_cultures = [PLOT, PLOT | {"code_nature_culture": "J"}]
    assert read(*[HOUSE] * 3, *two_cultures).rejected["several_dwellings"] == 1
    assert read(HOUSE, *two_cultures).homes == 1


def test_the_address_is_the_dwellings_wherever_it_stands():
    garage = GARAGE | {"adresse_numero": "14", "adresse_nom_voie": "AV DE MACON"}
    for lines in ([garage, FLAT], [FLAT, garage]):
        assert only_sale(*lines)["address"] == "12 RUE DES LILAS"


def test_a_plot_counts_once():
    garage = HOUSE | {"code_type_local": "3", "surface_reelle_bati": ""}
    garden = {"code_nature_culture": "J", "surface_terrain": "20"}
    assert only_sale(HOUSE, garage, HOUSE | garden, garage | garden)["land_m2"] == 520


def test_the_facts_of_a_sale():
    sale = only_sale(FLAT | {"adresse_suffixe": "B", "lot2_numero": "7"})
    assert sale["sold_on"] == date(2019, 3, 1)
    assert (sale["price_cents"], sale["rooms"], sale["disposition"]) == (20_000_000, 3, 1)
    assert (sale["address"], sale["postal_code"]) == ("12 B RUE DES LILAS", "01000")
    assert (sale["lots"], sale["line"], sale["latitude"]) == ("7+8", 2, 46.2)
