# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM= -DIN= -DOUT= -DVERSION= -P manual.cmake: IN with @VERSION@, and with @SECTIONS@ as PROGRAM prints them
cmake_minimum_required(VERSION 3.25)
file(READ ${IN} text)
string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
if(text MATCHES "@SECTIONS@")
    execute_process(COMMAND ${PROGRAM} man-sections OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
    string(STRIP "${sections}" sections)
    string(REPLACE "@SECTIONS@" "${sections}" text "${text}")
endif()
file(WRITE ${OUT} "${text}")
