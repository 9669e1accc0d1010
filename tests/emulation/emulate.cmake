# Compiles ${cuda_bodies} for the CPU: see cuda_runtime.h.
set(emulated ${CMAKE_BINARY_DIR}/emulated)
set(rewrite ${CMAKE_CURRENT_LIST_DIR}/launches.sed)
file(MAKE_DIRECTORY ${emulated}/kernels/cuda)
file(GLOB headers RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS cuda/*.cuh)
set(rewritten)
foreach(file ${cuda_bodies} ${headers})
  string(REGEX REPLACE "[.]cu$" ".cpp" name ${file})
  add_custom_command(OUTPUT ${emulated}/kernels/${name}
    COMMAND sed -z -E -f ${rewrite} ${CMAKE_CURRENT_SOURCE_DIR}/${file} > ${emulated}/kernels/${name}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${rewrite} VERBATIM)
  list(APPEND rewritten ${emulated}/kernels/${name})
endforeach()
add_custom_target(rewritten_kernels DEPENDS ${rewritten})
add_dependencies(fedscape_core rewritten_kernels)
set_source_files_properties(${rewritten} TARGET_DIRECTORY fedscape_core PROPERTIES GENERATED TRUE
  COMPILE_OPTIONS "-Wno-unknown-pragmas;-Wno-sign-compare")
target_sources(fedscape_core PRIVATE
  ${rewritten} ${CMAKE_CURRENT_LIST_DIR}/launch.cpp ${CMAKE_CURRENT_LIST_DIR}/device_memory.cpp
  ${CMAKE_CURRENT_LIST_DIR}/libraries.cpp)
target_include_directories(fedscape_core BEFORE PRIVATE ${emulated} ${CMAKE_CURRENT_LIST_DIR})
