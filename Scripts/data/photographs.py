"""Decodes and shrinks the photographs among the backgrounds: photographs.py FOLDER OUTPUT_FOLDER."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH = 1280

# The packages hold paintings and patterns too: these are the photographs.
LOMIRI = """Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Picture_0B_by_freespace Picture_1A_by_freespace
    Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi friends_by_Aitzol_Berasategi greentock_by_Peter_Nerlich
    life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi seeding_by_Clements_Engelhardt
    sunset_by_Aitzol_Berasategi"""
MATE = "Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood YellowFlower"
PLASMA = "BytheWater ColdRipple ColorfulCups EveningGlow FallenLeaf Grey Kite OneStandsOut Path"

folder, output = map(Path, sys.argv[1:])
files = [folder / f"backgrounds/{name}.jpg" for name in LOMIRI.split()]
files += [folder / f"backgrounds/mate/nature/{name}.jpg" for name in MATE.split()]
files += [folder / f"wallpapers/{name}/contents/images/2560x1600.jpg" for name in PLASMA.split()]
for file in files:
    name = file.parents[2].name if file.stem == "2560x1600" else file.stem.split("_by_")[0]
    with Image.open(file) as picture:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    np.save(output / f"{name.lower()}.npy", np.asarray(picture).reshape(height, WIDTH * 3))
