"""What can be said of the macros without ROOT."""

import re

from renp_sim.ntuple.schema import LEGENDS, SCHEMA_MAJOR, TREES
from renp_sim.physics.neutrino import Ordering, Oscillation
from tests.macros.real_root import MACROS, NAMES


def test_header_has_every_branch():
    """`renp_ntuple.h` gives access to each flat branch of the schema, under its own name."""
    header = (MACROS / "renp_ntuple.h").read_text()
    for tree in TREES:
        (body,) = re.findall(rf"^struct {tree.name.capitalize()} \{{(.*?)^\}};", header, re.M | re.S)
        found = re.findall(r'(\w+)\{reader, "(\w+)"\}', body)
        assert all(member == branch for member, branch in found)
        assert {branch for _, branch in found} == {branch.name for branch in tree.flat}


def test_readme_shows_every_macro():
    text = (MACROS / "README.md").read_text()
    for name in NAMES:
        assert re.search(rf"root -l -b -q '{name}\.C\(", text)
        assert f"pictures/{name}.png" in text
        assert (MACROS / "pictures" / f"{name}.png").stat().st_size < 60_000


def test_header_knows_the_schema():
    header = (MACROS / "renp_ntuple.h").read_text()
    assert f"kSchemaMajor = {SCHEMA_MAJOR};" in header
    for name, legend in LEGENDS.items():
        (body,) = re.findall(rf"^enum {name.capitalize()} \{{ (.*) \}};", header, re.M)
        values, following = [], 0
        for entry in body.split(", "):
            _, _, given = entry.partition(" = ")
            following = int(given) if given else following
            values.append(following)
            following += 1
        assert sorted(values) == sorted(legend)


def test_header_has_the_oscillation_parameters():
    """The same NuFIT values as everywhere."""
    text = (MACROS / "renp_rate.h").read_text()
    for ordering in Ordering:
        o = Oscillation.nufit(ordering)
        numbers = (o.sin2_theta12, o.sin2_theta13, o.dm2_21_eV2, o.dm2_3l_eV2, o.delta_cp_deg)
        (found,) = re.findall(rf"return \{{k{ordering.name.capitalize()}, ([^}}]*)\}};", text)
        assert tuple(float(word) for word in found.split(",")) == numbers
