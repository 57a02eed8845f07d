"""An address as people write it and as the files print it: the same door, and no other."""

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scraper.sales import read_sales
from services.scraper.sales.address import WAYS, street_key
from tests.support.database import Database

KEY = "select scraper.door_key($1, $2)"
PRINTED = "12 B RUE DE LA REPUBLIQUE"


@pytest.mark.parametrize(
    "written",
    [
        "12 bis rue de la République",
        "12bis, r. de la Republique",
        "12 B RUE DE LA REPUBLIQUE",
        "12B Rue De La République",
        "  012 bis   rue  de la  république  ",
        "12 bis, rue de la République, 01000 Bourg-en-Bresse",
        "12 bis rue de la République 01000 BOURG EN BRESSE CEDEX",
        "12 bis rue de la République Bourg-en-Bresse",
        "12 bis rue de la République - Bourg-en-Bresse",
        "12 bis rue République",
        "n° 12 bis rue de la République",
        "Appartement 4, 12 bis rue de la République\n01000 Bourg-en-Bresse",
        "12 bis rue de la République, bât. C, 01000 Bourg-en-Bresse",
        "12 bis rue de la République bat C",
        "12 BIS, RUE DE LA RE\u0301PUBLIQUE",
        "01000 Bourg-en-Bresse, 12 bis rue de la République",
    ],
)
async def test_however_it_is_written_it_is_one_door(database: Database, written: str):
    connection = await database.connect("scraper")
    printed = await connection.fetchval(KEY, PRINTED, "")

    assert await connection.fetchval(KEY, written, "Bourg-en-Bresse") == printed


@pytest.mark.parametrize(
    "printed, written",
    [
        ("8 AV DU MAL FOCH", "8 avenue du Maréchal Foch"),
        ("21 B RUE DOC NODET", "21 bis rue du Docteur Nodet"),
        ("23 RUE GEN DELESTRAINT", "23, rue du Général Delestraint"),
        ("5 ALL DU 1ER MAI", "5 allée du 1er Mai"),
        ("190 BD DU 8 MAI 1945", "190 boulevard du huit mai 1945"),
        ("10 RUE ANTOINE DE ST EXUPERY", "10 rue Antoine de Saint-Exupéry"),
        ("7 IMP DE L EST", "7 impasse de l’Est"),
        ("35 B RUE D AIZPURDI", "35 bis rue d'Aizpurdi"),
        ("40 RUE DU 23EME R.I.", "40 rue du 23e R.I."),
        ("3 LE BOURG", "3 le Bourg"),
        ("3 L ECLUSE", "3 l'Écluse"),
        ("8 D RUE CHARLES TARDY", "8d rue Charles-Tardy"),
        ("4 T CHE DU MOULIN", "4 ter chemin du Moulin"),
        ("12 RUE DE LYON", "12 rue de Lyon"),
        ("2 RUE D OEUF", "2 rue d'Œuf"),
        ("12 RPT DE L EUROPE", "12 rond-point de l'Europe"),
        ("12 ROND POINT DE L EUROPE", "12, rond point de l'Europe"),
        ("12 CHS DE L ETANG", "12 chaussée de l'Étang"),
        ("12 GR GRANDE RUE", "12 Grande Rue"),
        ("12 GR RUE", "12 Grand'Rue"),
        ("12 PTR DES LILAS", "12 petite rue des Lilas"),
        ("12 ART DE PARIS", "12 ancienne route de Paris"),
        ("12 ESC DES SOEURS", "12 escalier des Sœurs"),
        ("12 D VLA DES ROSES", "12 D villa des Roses"),
        ("12 RUE DU CAP DREYFUS", "12 rue du capitaine Dreyfus"),
        ("12 RUE DES FRES LUMIERE", "12 rue des frères Lumière"),
    ],
)
async def test_abbreviations_and_articles_tell_no_doors_apart(
    database: Database, printed: str, written: str
):
    connection = await database.connect("scraper")
    key = await connection.fetchval(KEY, printed, "")

    assert key
    assert await connection.fetchval(KEY, written, "Lyon") == key


@pytest.mark.parametrize(
    "one, other",
    [
        ("12 rue du Lac", "12 bis rue du Lac"),
        ("12 rue du Lac", "1 rue du Lac"),
        ("12 rue du Lac", "12 avenue du Lac"),
        ("12 rue du Lac", "12 rue du Lacet"),
        ("12 bis rue du Lac", "12 ter rue du Lac"),
        ("12 rue de Lyon", "12 rue"),
        ("3 rue Saint-Jean", "3 rue Sainte-Jean"),
    ],
)
async def test_other_doors_stay_others(database: Database, one: str, other: str):
    connection = await database.connect("scraper")

    assert await connection.fetchval(KEY, one, "Lyon") != await connection.fetchval(
        KEY, other, "Lyon"
    )


@pytest.mark.parametrize(
    "written",
    [
        "rue de la République", "12", "12 rue", "", "   ", "République", "12-14 rue du Lac",
        "12 et 14 rue du Lac", "12/14 rue du Lac", "12 à 16 rue du Lac", "Le Bourg", "0 rue du Lac",
        "12345 rue du Lac", "01000 Bourg-en-Bresse", "12, 01000 Bourg-en-Bresse", "12 la", "🏠", "12 8",
        "3e étage, 12 rue du Lac", "3 étage, 12 rue du Lac",
    ],
)  # fmt: skip
async def test_what_names_no_door_has_no_key(database: Database, written: str):
    connection = await database.connect("scraper")

    assert await connection.fetchval(KEY, written, "Bourg-en-Bresse") is None


async def test_what_is_one_street_to_the_sales_rule_is_one_here(
    database: Database, shared_data: Path
):
    """The doors of the files, by number, suffix and the street's key in a `home_key`."""
    files = sorted((shared_data / "sales").glob("geo-dvf*/*/communes/*/*.csv"))
    sales = pl.concat([read_sales(file, name=file.name).sales for file in files])
    doors = (
        sales.filter("postable")
        .select("number", "suffix", "address", street=street_key(pl.col("street")))
        .unique()
    )
    connection = await database.connect("scraper")
    rows = await connection.fetch(
        "select scraper.door_key(a) as key from unnest($1::text[]) with ordinality as t(a, place)"
        " order by place",
        doors["address"].to_list(),
    )

    keyed = doors.with_columns(key=pl.Series([row["key"] for row in rows], dtype=pl.String))
    by_rule = keyed.group_by("number", "suffix", "street").agg(pl.col("key").unique())

    assert keyed["key"].null_count() == 0
    assert by_rule.filter(pl.col("key").list.len() > 1).is_empty()
    # Coarser than the rule, but hardly: what falls together is written apart in one word.
    assert keyed["key"].n_unique() > 0.99 * by_rule.height


async def test_every_way_that_the_sales_rule_shortens_is_shortened_alike(database: Database):
    connection = await database.connect("scraper")

    found = {way: await connection.fetchval("select scraper.short_word($1)", way) for way in WAYS}

    assert found == dict(WAYS)


WORDS = st.sampled_from(["12", "bis", "B", "rue", "de", "la", "Lac", ",", "01000", "-", "n°", "D", "é", " ", "appt", "3"])  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=st.one_of(TEXTS, st.lists(WORDS, max_size=12).map(" ".join)))
async def test_of_any_text_it_makes_a_key_or_none(database: Database, written: str):
    """A key is a number, perhaps a letter, and a street."""
    connection = await database.connect("scraper")
    key = await connection.fetchval(KEY, written, "Lyon")
    await connection.close()

    assert key is None or re.fullmatch("[1-9][0-9]{0,3}[A-Z]?( [A-Z0-9]+)+", key)
