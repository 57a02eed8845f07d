"""The words of French addresses: what the land registry's short and bare spelling stands for."""

import unicodedata
from collections.abc import Mapping
from typing import Final


def folded(word: str) -> str:
    """A word as the land registry writes it: capitals without accents."""
    plain = word.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    return "".join(
        mark for mark in unicodedata.normalize("NFD", plain) if not unicodedata.combining(mark)
    ).upper()


def _pairs(text: str) -> dict[str, str]:
    pairs = (entry.strip().partition(" ") for entry in text.split(",") if entry.strip())
    return {short: full for short, _, full in pairs}


# The tax office's codes for ways. Codes that are also a place's whole word (COL, MAS, PORT, TOUR)
# are left alone: where one begins a name it is nearly always that word.
_SHORT_WAYS: Final = _pairs("""
    ACH ancien chemin, AER aérodrome, ALL allée, ART ancienne route, AUT autoroute, AV avenue,
    AVE avenue, BCLE boucle, BD boulevard, BER berge, BLD boulevard, BRTL bretelle, BVD boulevard,
    CAR carrefour, CC chemin communal, CD chemin départemental, CF chemin forestier,
    CGNE campagne, CH chemin, CHE chemin, CHEM chemin, CHL chalet, CHS chaussée, CHV chemin vicinal,
    CIVE coursive, COR corniche, CORO coron, CPG camping, CR chemin rural, CRS cours, CTRE centre,
    CTR contour, DEVI déviation, DIG digue, DOM domaine, DRA draille, DSC descente, ECL écluse,
    EMBR embranchement, ENC enclos, ESC escalier, ESP esplanade, ESPA espace, FBG faubourg,
    FG faubourg, FRM ferme, GAL galerie, GBD grand boulevard, GPL grande place, HAM hameau,
    HLE halle, HLG halage, IMP impasse, JARD jardin, JTE jetée, LEVE levée, LOT lotissement,
    MAIS maison, MRN marina, MTE montée, NTE nouvelle route, PAE petite avenue, PAS passage,
    PASS passage, PCH petit chemin, PHAR phare, PIST piste, PKG parking, PL place, PLAG plage,
    PLCI placis, PLE passerelle, PLN plaine, PLT plateau, PNT pointe, PROM promenade,
    PRT petite route, PRV parvis, PTA petite allée, PTE porte, PTR petite rue, PTTE placette,
    QUA quartier, RAC raccourci, RDL raidillon, REM rempart, RES résidence, RLE ruelle, RPE rampe,
    RPT rond-point, RTD rotonde, RTE route, RUET ruette, RULT ruellette, RVE ravine, SEN sentier,
    SQ square, STDE stade, TPL terre-plein, TRA traverse, TRAB traboule, TRT tertre,
    TSSE terrasse, TUN tunnel, VALL vallon, VC voie communale, VCHE vieux chemin, VEN venelle,
    VGE village, VIAD viaduc, VLA villa, VOIR voirie, VTE vieille route
""")
_FULL_WAYS: Final = """
    allée avenue boulevard chaussée chemin cité cours esplanade faubourg hameau impasse lotissement
    mail montée passage place placette promenade quai quartier résidence rocade rond-point route rue
    ruelle sente sentier square traverse venelle villa voie
"""
WAYS: Final[Mapping[str, str]] = {folded(way): way for way in _FULL_WAYS.split()} | _SHORT_WAYS

# Titles and qualities within a name.
TITLES: Final[Mapping[str, str]] = _pairs("""
    ADJ Adjudant, AM Amiral, ANC Ancien, CAP Capitaine, CAPT Capitaine, CDT Commandant,
    COL Colonel, CPT Capitaine, CRS Cours, DIV Division, DOC Docteur, DR Docteur, FG Faubourg,
    FBG Faubourg, FRES Frères, GAL Général, GD Grand, GDE Grande, GDES Grandes, GDS Grands,
    GEN Général, GL Général, LT Lieutenant, MAL Maréchal, MGR Monseigneur, MME Madame,
    PDT Président, PET Petit, PR Professeur, PROF Professeur, PTE Petite, PTES Petites, PTS Petits,
    REGT Régiment, RTE Route, SGT Sergent, ST Saint, STE Sainte, STES Saintes, STS Saints, VX Vieux
""")

SMALL: Final = frozenset(
    [
        "A",
        "AU",
        "AUX",
        "D",
        "DE",
        "DES",
        "DIT",
        "DITE",
        "DU",
        "EN",
        "ENTRE",
        "ET",
        "L",
        "LA",
        "LE",
        "LES",
        "PAR",
        "POUR",
        "SOUS",
        "SUR",
        "VERS",
    ]
)
"""Words that stay small within a name."""
_APART: Final = """
    ANCIEN ANCIENNE ANCIENNES ANCIENS BAS BASSE BASSES EST GRAND GRANDE GRANDES GRANDS HAUT HAUTE
    HAUTES HAUTS NEUF NEUVE NEUVES NORD NOUVEAU NOUVEAUX NOUVEL NOUVELLE NOUVELLES OUEST PETIT
    PETITE PETITES PETITS SUD VIEIL VIEILLE VIEILLES VIEUX
"""
APART: Final = frozenset(_APART.split())
"""Words that make another street of a name."""
ROMAN: Final = frozenset(
    [
        "II",
        "III",
        "IV",
        "VI",
        "VII",
        "VIII",
        "IX",
        "XI",
        "XII",
        "XIII",
        "XIV",
        "XV",
        "XVI",
        "XVII",
        "XVIII",
        "XIX",
        "XX",
    ]
)

# What the capitals hide, for the words that streets are named after most.
_ACCENTED: Final = """
    Abbé Académie Adèle Aérodrome Aéroplanes Aéroport Aimé Aimée Allée Allées Alliés Amédée
    André Angèle Angoulême Août Ardèche Arènes Ariège Armée Armées Azalées Barrière Barthélemy
    Bâtie Bégonias Benoît Béranger Bergère Besançon Béziers Blériot Blés Brésil Bruyère Bruyères
    Camélias Carrière Carrières Cathédrale Cèdre Cèdres César Cézanne Châlons Charité
    Châtaignier Châtaigniers Château Châteaux Châtelaine Châtelet Chêne Chênes Chèvre
    Chèvrefeuille Chèvrefeuilles Chèvres Cimetière Cinéma Cité Clairière Clématites Clément Cœur
    Comédie Corrèze Côte Côtes Crèche Crêt Crête Crêtes Crêts Décembre Déportés Désiré Désirée
    Doré Drôme Écluse Écluses École Écoles Écureuil Écureuils Édith Édouard Égalité Églantier
    Églantiers Églantine Églantines Église Églises Élisabeth Élisée Éloi Élysée Élysées Émile
    Émilien Épargne Éperon Épinal Épine Épines Épinettes Érable Érables Étang Étangs États Été
    Étienne Étoile Étoiles Étroite Eugène Eugénie Évadés Évariste Évêché Évêque Exupéry Félix
    Fénelon Ferré Fête Février Flâneurs Forêt Forêts Fougère Fougères François Françoise
    Fraternité Frédéric Frêne Frênes Frère Frères Fusillés Général Généraux Genêt Genêts Genève
    Géraniums Gérard Glacière Grâce Grégoire Grève Guérin Hélène Hérault Hérisson Hêtre Hêtres
    Honoré Hôpital Hôtel Île Îles Isère Israël Jaurès Jérôme Joël Léo Léon Léonard Léopold
    Libération Liberté Littré Lozère Lumière Lumières Lycée Mâcon Marché Maréchal Méditerranée
    Mère Mérimée Mésange Mésanges Métairie Métiers Métro Minière Molière Montée Mûrier Mûriers
    Musée Nénuphars Niépce Nîmes Noël Océan Œillets Orchidées Orée Orléans Pâquerettes Pâtis
    Pâturage Pâturages Pavé Pêche Pêcheur Pêcheurs Péguy Pensées Pépinière Pépinières Père Pères
    Périgord Périgueux Pérouse Poète Poètes Pré Préfecture Prés Président Prévert Prévôté
    Prévoyance Prieuré Pyrénées Raphaël Récamier Rémy René Renée République Réservoir Réservoirs
    Résistance Réunion Rhône Rivière Rivières Sablière Sablières Santé Saône Sébastien Sète
    Sévigné Sœur Sœurs Tête Théâtre Théodore Théophile Thérèse Tréfilerie Trèfle Trèfles Trésor
    Trinité Unité Université Valéry Vallée Vallées Vélodrome Vendée Vénus Vérité Vézelay Zéphyr
"""
ACCENTED: Final[Mapping[str, str]] = {folded(word): word for word in _ACCENTED.split()}
