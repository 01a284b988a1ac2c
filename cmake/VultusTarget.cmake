# vultus_module(NAME SOURCES a.cpp ... DEPENDS vultus::base ... TESTS a_test.cpp ... [SLOW_TESTS b_test.cpp ...])
# A room: the folder is a static library vultus_NAME with the alias vultus::NAME. The tests beside the code are one
# program NAME_tests; each file of it is a test NAME.FILE of ctest.
function(vultus_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;TESTS;SLOW_TESTS;TEST_DEPENDS" ${ARGN})
  add_library(vultus_${name} STATIC ${ARG_SOURCES})
  add_library(vultus::${name} ALIAS vultus_${name})
  target_include_directories(vultus_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(vultus_${name} PUBLIC ${ARG_DEPENDS})
  vultus_flags(vultus_${name})
  if(VULTUS_BUILD_TESTS AND (ARG_TESTS OR ARG_SLOW_TESTS))
    vultus_test_program(${name} FAST ${ARG_TESTS} SLOW ${ARG_SLOW_TESTS} DEPENDS vultus::${name} ${ARG_TEST_DEPENDS})
  endif()
endfunction()

# vultus_test_program(NAME [PREFIX p] FAST a_test.cpp ... SLOW b_test.cpp ... DEPENDS ...): the program NAME_tests,
# whose tests ctest knows as p.a (NAME.a without PREFIX).
function(vultus_test_program room)
  cmake_parse_arguments(ARG "" "PREFIX" "FAST;SLOW;DEPENDS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX ${room})
  endif()
  add_executable(${room}_tests ${ARG_FAST} ${ARG_SLOW})
  target_link_libraries(${room}_tests PRIVATE ${ARG_DEPENDS} vultus_test_main)
  target_include_directories(${room}_tests PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${room}_tests PRIVATE
    VULTUS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" VULTUS_PROGRAM_DIR="${CMAKE_BINARY_DIR}")
  vultus_flags(${room}_tests)
  foreach(file ${ARG_FAST})
    vultus_test(${room}_tests ${ARG_PREFIX} ${file} fast)
  endforeach()
  foreach(file ${ARG_SLOW})
    vultus_test(${room}_tests ${ARG_PREFIX} ${file} slow)
  endforeach()
endfunction()

# The tests of one file, as PREFIX.FILE.
function(vultus_test program prefix file label)
  string(REGEX REPLACE "_test.cpp$" "" short ${file})
  add_test(NAME ${prefix}.${short} COMMAND ${program} --file=${file})
  set_tests_properties(${prefix}.${short} PROPERTIES LABELS ${label} TIMEOUT $<IF:$<STREQUAL:${label},slow>,3600,900>)
endfunction()

function(vultus_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter $<$<CONFIG:Release>:-O3>)
  if(VULTUS_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${VULTUS_SANITIZE} -fno-omit-frame-pointer -g)
    target_link_options(${target} PUBLIC -fsanitize=${VULTUS_SANITIZE})
  endif()
  if(VULTUS_BUILD_FUZZERS)  # so that fuzzers see which ways the code takes
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
