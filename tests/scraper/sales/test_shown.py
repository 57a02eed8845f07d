import pytest

from tests.scraper.sales.geo_dvf import FLAT, HOUSE, PLOT, SHOP, only_sale


@pytest.mark.parametrize(
    "carrez, shown", [("", 60), ("58.25", 58.25), ("58.2500005", 58.25), ("40", 60), ("79", 60)]
)
def test_the_measured_surface_is_shown_if_it_is_near(carrez, shown):
    assert only_sale(FLAT | {"lot1_surface_carrez": carrez})["surface_m2"] == shown


def test_measured_surfaces_of_lots_add_up():
    lots = {"lot1_surface_carrez": "30.5", "lot2_numero": "9", "lot2_surface_carrez": "31"}
    assert only_sale(FLAT | lots)["surface_m2"] == 61.5


def test_several_homes_have_no_surface():
    sale = only_sale(FLAT, FLAT)
    assert (sale["surface_m2"], sale["rooms"]) == (None, None)


def test_a_plot_has_land_alone():
    sale = only_sale(PLOT)
    assert (sale["surface_m2"], sale["land_m2"]) == (None, 500)


def test_business_surfaces_add_up():
    assert only_sale(SHOP, SHOP | {"surface_reelle_bati": "20"}, SHOP)["surface_m2"] == 120


@pytest.mark.parametrize(
    "facts, suspect",
    [
        ({}, False),
        ({"valeur_fonciere": "90"}, True),
        ({"valeur_fonciere": "20000"}, True),
        ({"valeur_fonciere": "4000000"}, True),
        ({"surface_reelle_bati": "401"}, True),
        ({"surface_reelle_bati": "8", "valeur_fonciere": "80000"}, True),
        ({"surface_reelle_bati": ""}, False),
    ],
)
def test_what_is_hard_to_believe_is_flagged_not_dropped(facts, suspect):
    sale = only_sale(HOUSE | facts)
    assert (sale["suspect"], sale["offered"]) == (suspect, True)
