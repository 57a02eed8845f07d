import hashlib
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from tests.scraper.sales.geo_dvf import FLAT, HOUSE, PLOT, only_sale, read

OTHER_FACTS = [
    {"date_mutation": "2019-03-02"},
    {"code_commune": "01004"},
    {"valeur_fonciere": "200001"},
    {"numero_disposition": "000002"},
    {"id_parcelle": "01053000AB0099"},
    {"lot1_numero": "9"},
    {"code_type_local": "1"},
    {"surface_reelle_bati": "61"},
]
SAME_SALE = [
    {"valeur_fonciere": "200000.0"},
    {"surface_reelle_bati": "60.00"},
    {"numero_disposition": "1"},
    {"nom_commune": "Bourg-En-Bresse"},
    {"adresse_nom_voie": ""},
    {"lot1_surface_carrez": "59.9000015"},
    {"id_mutation": "2019-77"},
]


def test_a_property_id_is_a_version_5_uuid_of_the_sale():
    told = "2019-03-01|01053|20000000|1|01053000AB0012|8|2|60"
    expected = uuid5(NAMESPACE_URL, "urn:trackimmo:sale:" + told)
    assert only_sale(FLAT)["property_id"] == str(expected)


def test_a_home_key_never_changes():
    assert only_sale(FLAT)["home_key"] == uuid5_hex("01053|12||RUE DES LILAS|8")
    assert only_sale(HOUSE)["home_key"] == uuid5_hex("01053|12||RUE DES LILAS|100")
    assert only_sale(PLOT)["home_key"] == uuid5_hex("01053|12||RUE DES LILAS|500")


def uuid5_hex(told: str) -> str:
    """SHA-1 as uuid5 takes it, before version and variant overwrite six bits."""
    name = NAMESPACE_URL.bytes + f"urn:trackimmo:door:{told}".encode()
    return hashlib.sha1(name, usedforsecurity=False).hexdigest()[:32]


@pytest.mark.parametrize("facts", OTHER_FACTS)
def test_another_fact_is_another_sale(facts):
    assert only_sale(FLAT | facts)["property_id"] != only_sale(FLAT)["property_id"]


@pytest.mark.parametrize("facts", SAME_SALE)
def test_another_spelling_is_the_same_sale(facts):
    assert only_sale(FLAT | facts)["property_id"] == only_sale(FLAT)["property_id"]


def test_a_price_that_a_float_cannot_hold_is_the_same_sale():
    exact, rounded = ({"valeur_fonciere": price} for price in ("2766987.80", "2766987.75"))
    assert only_sale(FLAT | exact)["property_id"] == only_sale(FLAT | rounded)["property_id"]
    assert only_sale(FLAT | exact)["price_cents"] == 276_698_780


def test_lots_have_no_order():
    one_way = only_sale(FLAT | {"lot2_numero": "10"})
    other_way = only_sale(FLAT | {"lot1_numero": "10", "lot2_numero": "8"})
    assert one_way["property_id"] == other_way["property_id"]
    assert one_way["home_key"] == other_way["home_key"]


def test_a_door_outlives_its_sales():
    sold_again = {"date_mutation": "2021-05-05", "valeur_fonciere": "230000"}
    assert only_sale(FLAT | sold_again)["home_key"] == only_sale(FLAT)["home_key"]


def test_flats_at_one_door_are_told_apart_by_lot_and_houses_by_surface():
    reading = read(
        FLAT,
        FLAT | {"lot1_numero": "9", "numero_disposition": "2"},
        HOUSE | {"numero_disposition": "3"},
        HOUSE | {"surface_reelle_bati": "101", "numero_disposition": "4"},
    )
    assert reading.sales["home_key"].n_unique() == 4


def test_a_flat_without_lots_is_known_by_its_surface():
    no_lot = {"lot1_numero": ""}
    smaller = {"surface_reelle_bati": "40"}
    assert only_sale(FLAT | no_lot)["home_key"] != only_sale(FLAT | no_lot | smaller)["home_key"]


def test_a_merged_commune_is_todays_in_either_dialect():
    classic = HOUSE | {"code_commune": "01426", "id_parcelle": "01426312ZC0122"}
    as_then = HOUSE | {"code_commune": "01312", "id_parcelle": "01312000ZC0122"}
    today = only_sale(classic)
    moved = only_sale(as_then, moved={"01312": "01426"})
    for fact in ("property_id", "home_key", "insee_code", "parcel", "own_keys"):
        assert moved[fact] == today[fact]
    assert today["insee_code"] == "01426"


@pytest.mark.parametrize("code", ["2A004", "2B033", "97411", "75113"])
def test_codes_are_text(code):
    sale = only_sale(HOUSE | {"code_commune": code})
    assert sale["insee_code"] == code
    assert UUID(str(sale["property_id"])).version == 5
