# SPDX-License-Identifier: Apache-2.0
# What a preset builds is what its tests run (CMakePresets.json); each of these gathers the programs of one kind.
foreach(kind programs unit-tests threaded-tests scenarios replays fuzzers)
    add_custom_target(${kind})
endforeach()

# hl_library(NAME SOURCES... LINK LIBS...): a static library of one room.
function(hl_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_LINK} PkgConfig::GLIB)
endfunction()

# hl_program(NAME [COMPONENT NAME] SOURCES... LINK LIBS...): an installed program, of the default component unless it names another.
function(hl_program name)
    cmake_parse_arguments(ARG "" "COMPONENT;DESTINATION" "SOURCES;LINK" ${ARGN})
    if(NOT ARG_COMPONENT)
        set(ARG_COMPONENT ${CMAKE_INSTALL_DEFAULT_COMPONENT_NAME})
    endif()
    if(NOT ARG_DESTINATION)
        set(ARG_DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINK})
    add_dependencies(programs ${name})
    install(TARGETS ${name} RUNTIME DESTINATION ${ARG_DESTINATION} COMPONENT ${ARG_COMPONENT})
endfunction()

# Tests of one process have their files in memory where that is possible: they make thousands of directories and databases, and what
# becomes of a disk that fails is decided by tests/support/faults.c, not by a disk.
set(HL_TEST_TMP /tmp)
execute_process(COMMAND test -d /dev/shm -a -w /dev/shm RESULT_VARIABLE no_memory_disk)
if(NOT no_memory_disk)
    set(HL_TEST_TMP /dev/shm)
endif()

# hl_unit_test(NAME SOURCES... LINK LIBS... [PARTS PATHS...]): a g_test program, one ctest entry (label "unit"), or one for each of these
# paths of tests, for a program that takes minutes.
function(hl_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PARTS" ${ARGN})
    add_executable(test-${name} ${ARG_SOURCES})
    target_link_libraries(test-${name} PRIVATE ${ARG_LINK} hl_base)
    add_dependencies(unit-tests test-${name})
    if(NOT ARG_PARTS)
        add_test(NAME unit/${name} COMMAND test-${name})
        set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 300 ENVIRONMENT TMPDIR=${HL_TEST_TMP})
    endif()
    foreach(part ${ARG_PARTS})
        string(REGEX REPLACE ".*/" "" last ${part})
        add_test(NAME unit/${name}-${last} COMMAND test-${name} -p ${part})
        # it has parts because it is long: begun early, its end is not waited for alone
        set_tests_properties(unit/${name}-${last} PROPERTIES LABELS unit TIMEOUT 1200 COST 100 ENVIRONMENT TMPDIR=${HL_TEST_TMP})
    endforeach()
endfunction()

# hl_embed(OUTPUT_VARIABLE FILE SYMBOL): FILE as the C string SYMBOL; the source to compile is put into OUTPUT_VARIABLE.
function(hl_embed variable file symbol)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAME=${symbol} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${file}
                -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
        DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
    set(${variable} ${out} PARENT_SCOPE)
endfunction()
