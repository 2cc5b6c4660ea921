# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=FILE -DNAME=SYMBOL -DIN=FILE -P embed.cmake: a text file as a C array (string literals have a length limit).
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {${bytes}0x00};\n")
