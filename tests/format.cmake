# Fails when a source file is not as clang-format 14 writes it; other versions differ in details, so they do not judge.
# Usage: cmake -DROOT=<source tree> -P tests/format.cmake
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
if(NOT CLANG_FORMAT)
  message("skipped: there is no clang-format")
  return()
endif()
execute_process(COMMAND ${CLANG_FORMAT} --version OUTPUT_VARIABLE version)
if(NOT version MATCHES "version 14\\.")
  message("skipped: clang-format 14 is wanted, found ${version}")
  return()
endif()
file(GLOB_RECURSE files ${ROOT}/include/*.hpp ${ROOT}/src/*.[ch]pp ${ROOT}/kernels/*.[ch]pp ${ROOT}/kernels/*.cu
     ${ROOT}/kernels/*.cuh ${ROOT}/tests/*.[ch]pp ${ROOT}/benchmarks/*.[ch]pp)
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} RESULT_VARIABLE result ERROR_VARIABLE findings)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "clang-format -i would change:\n${findings}")
endif()
