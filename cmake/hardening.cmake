# SPDX-License-Identifier: Apache-2.0
# What makes a fault in our code harder to use.  Each flag is asked of the compiler first: clang and other processors lack some.
# tools/check-hardening reads from the built programs that all of this arrived there.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# Not CMAKE_POSITION_INDEPENDENT_CODE: that compiles static libraries with -fPIC, whose functions could be replaced from outside
# and so are never inlined.  There are programs here, and what the broker loads, which is a target with flags of its own.
add_compile_options(-fPIE)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)

foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "HOLDLINE_HAS${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        add_compile_options(${flag})
    endif()
endforeach()

# Library functions are resolved at the start, and their table is read-only from then on.
check_linker_flag(C -Wl,-z,relro,-z,now HOLDLINE_HAS_relro)
if(HOLDLINE_HAS_relro)
    add_link_options(-Wl,-z,relro,-z,now)
endif()

# FORTIFY needs an optimising build; under a sanitizer it would hide from it the calls that it replaces.  A distribution's build type
# "None" brings flags of its own.
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$" AND NOT HOLDLINE_SANITIZE)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
