import polars as pl
import pytest

from services.scraper.sales.address import street_key
from tests.scraper.sales.geo_dvf import HOUSE, only_sale


@pytest.mark.parametrize(
    "number, street, postable",
    [
        ("12", "RUE DES LILAS", True),
        ("1", "LE CHATEAU", True),
        ("4999", "RTE DE LYON", True),
        ("5000", "RTE DE LYON", False),
        ("5807", "LE CHATEAU", False),
        ("9001", "RES ASCOUBIA II", False),
        ("0", "RUE DES LILAS", False),
        ("", "RUE DES LILAS", False),
        ("12", "", False),
        ("12X", "RUE DES LILAS", False),
        ("-12", "RUE DES LILAS", False),
        ("99999999999999999999", "RUE DES LILAS", False),
    ],
)
def test_a_letter_needs_a_real_number_and_a_street(number, street, postable):
    sale = only_sale(HOUSE | {"adresse_numero": number, "adresse_nom_voie": street})
    assert sale["postable"] is postable


@pytest.mark.parametrize(
    "number, suffix, street, address",
    [
        ("12", "B", "RUE DES LILAS", "12 B RUE DES LILAS"),
        ("0012", "", "RUE DES LILAS", "12 RUE DES LILAS"),
        ("", "", "LE CHATEAU", "LE CHATEAU"),
        ("7", "", "", "7"),
        ("", "", "", ""),
    ],
)
def test_an_address_is_one_line(number, suffix, street, address):
    facts = {"adresse_numero": number, "adresse_suffixe": suffix, "adresse_nom_voie": street}
    assert only_sale(HOUSE | facts)["address"] == address


@pytest.mark.parametrize(
    "street, key",
    [
        ("AV DE MACON", "AV DE MACON"),
        ("Avenue de Mâcon", "AV DE MACON"),
        ("RUE DE L'ÉGLISE", "RUE DE L EGLISE"),
        ("BD  ST-NICOLAS ", "BD ST NICOLAS"),
        ("PLACE", "PL"),
        ("COURSIVE NORD", "COURSIVE NORD"),
    ],
)
def test_spellings_of_a_street_are_one(street, key):
    assert pl.select(street_key(pl.lit(street))).item() == key
