# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM= -DIN= -DOUT= -DVERSION= -DLANGUAGE= -P manual.cmake: IN with @VERSION@, and with @SECTIONS@ as PROGRAM prints them
# in that language, whatever the builder's is
cmake_minimum_required(VERSION 3.25)
file(READ ${IN} text)
string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
if(text MATCHES "@SECTIONS@")
    set(ENV{LC_ALL} C.UTF-8)
    set(ENV{LANGUAGE} ${LANGUAGE})
    execute_process(COMMAND ${PROGRAM} man-sections OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
    string(STRIP "${sections}" sections)
    string(REPLACE "@SECTIONS@" "${sections}" text "${text}")
endif()
# Japanese has no blanks to break lines at, and not every reader of man pages knows where else: after a particle or a comma it may.
if(LANGUAGE STREQUAL "ja")
    foreach(word を に が は の と で も て 、 。)
        string(REPLACE "${word}" "${word}\\:" text "${text}")
    endforeach()
    foreach(closing 、 。 ")" " " "\n")
        string(REPLACE "\\:${closing}" "${closing}" text "${text}")
    endforeach()
endif()
file(WRITE ${OUT} "${text}")
