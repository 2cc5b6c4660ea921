#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at pictures of a screen, by ImageMagick's convert.

  look.py changed BEFORE AFTER [TOP [BOTTOM]]   the box around what differs between the two lines: WIDTH HEIGHT X Y; status 1: nothing
  look.py rows PICTURE WIDTH HEIGHT X Y         the middle of each line of text in that box, a number (of the picture) a line
  look.py colours PICTURE WIDTH HEIGHT X Y      how many colours, and how many of them not grey
"""
import subprocess
import sys

DIFFERENT = 12  # of 255: above what dithering and blending do
GAP = 3  # lines without ink between two rows of text, at least; a dot of "i" is nearer
TEXT = 6  # lines of ink, at least: separators and borders have less


def pixels(arguments, kind, depth):
    """The picture that convert makes: width, height, bytes of `depth` channels."""
    out = subprocess.run(["convert", *arguments, "-alpha", "off", "-depth", "8", f"{kind}:-"], capture_output=True, check=True).stdout
    header, body = out.split(b"\n255\n", 1)
    width, height = (int(n) for n in header.split()[1:3])
    assert len(body) == width * height * depth
    return width, height, body


def changed(before, after, top="0", bottom="100000"):
    width, height, body = pixels([before, after, "-compose", "difference", "-composite", "-colorspace", "Gray"], "pgm", 1)
    lines = [y for y in range(int(top), min(height, int(bottom))) if max(body[y * width:(y + 1) * width]) > DIFFERENT]
    if not lines:
        sys.exit(1)
    columns = [x for x in range(width) if max(body[lines[0] * width + x:(lines[-1] + 1) * width:width]) > DIFFERENT]
    print(columns[-1] - columns[0] + 1, lines[-1] - lines[0] + 1, columns[0], lines[0])


def rows(picture, width, height, x, y):
    inset = 4  # the border of the menu
    w, h, body = pixels([picture, "-crop", f"{int(width) - 2 * inset}x{int(height) - 2 * inset}+{int(x) + inset}+{int(y) + inset}",
                         "+repage", "-colorspace", "Gray"], "pgm", 1)
    background = max(set(body), key=body.count)
    # a line across nearly all of it is a separator, not ink
    ink = [4 < sum(abs(p - background) > 2 * DIFFERENT for p in body[n * w:(n + 1) * w]) < w * 0.8 for n in range(h)]
    bands, blank = [], GAP
    for n, inked in enumerate(ink):
        if inked and blank >= GAP:
            bands.append([n, n])
        elif inked:
            bands[-1][1] = n
        blank = 0 if inked else blank + 1
    for first, last in bands:
        if last - first + 1 >= TEXT:
            print(int(y) + inset + (first + last) // 2)


def colours(picture, width, height, x, y):
    _, _, body = pixels([picture, "-crop", f"{width}x{height}+{x}+{y}", "+repage"], "ppm", 3)
    found = {body[n:n + 3] for n in range(0, len(body), 3)}
    print(len(found), sum(max(c) - min(c) > 40 for c in found))


def main():
    commands = {"changed": changed, "rows": rows, "colours": colours}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
