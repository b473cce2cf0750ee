# butai_folder(NAME LIBS library...)
#
# One static library per folder of src/ from every .cc in it and below, linked with the folders that
# tools/include_directions.txt lets it include, except
#   *_test.cc   -> the GoogleTest program NAME_test
#   *_bench.cc  -> the Google Benchmark program NAME_bench
#   *_fuzz.cc   -> one libFuzzer program each (preset fuzz)
#   main.cc, worker/ffmpeg/ -> programs, see butai_programs()
# A folder without sources yet is left out.

add_library(butai_warnings INTERFACE)
target_compile_options(butai_warnings INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wvla
  # clang sees what libstdc++ 12's own stable_sort uses; g++ still refuses deprecated calls of ours.
  "$<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wno-deprecated-declarations>"
  # g++ 12 reports these falsely in optimised standard-library code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -Wno-dangling-pointer>)

set(BUTAI_FOLDERS "" CACHE INTERNAL "folders of src/ that have sources")

set(BUTAI_DIRECTIONS ${CMAKE_SOURCE_DIR}/tools/include_directions.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${BUTAI_DIRECTIONS})

# The folders that `name` may include and that exist, in `out`.
function(butai_may_include name out)
  file(STRINGS ${BUTAI_DIRECTIONS} line REGEX "^${name}:")
  if(NOT line)
    message(FATAL_ERROR "src/${name} has no line in ${BUTAI_DIRECTIONS}")
  endif()
  string(REGEX REPLACE "^${name}: *" "" line "${line}")
  string(REGEX MATCHALL "[a-z]+" allowed "${line}")
  if(allowed STREQUAL "all")
    set(allowed ${BUTAI_FOLDERS})
  endif()
  set(present "")
  foreach(folder ${allowed})
    if(folder IN_LIST BUTAI_FOLDERS)
      list(APPEND present ${folder})
    endif()
  endforeach()
  set(${out} ${present} PARENT_SCOPE)
endfunction()

function(butai_folder name)
  cmake_parse_arguments(FOLDER "" "" "LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/(main\\.cc$|ffmpeg/)")
  foreach(kind test bench fuzz)
    set(${kind}s ${sources})
    list(FILTER ${kind}s INCLUDE REGEX "_${kind}\\.cc$")
    list(FILTER sources EXCLUDE REGEX "_${kind}\\.cc$")
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_library(butai_${name} STATIC ${sources})
  target_include_directories(butai_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(butai_${name} PRIVATE butai_warnings PUBLIC ${FOLDER_LIBS})
  butai_may_include(${name} includes)
  list(TRANSFORM includes PREPEND butai_)
  target_link_libraries(butai_${name} PUBLIC ${includes})
  set(BUTAI_FOLDERS "${BUTAI_FOLDERS};${name}" CACHE INTERNAL "")
  if(BUTAI_TESTS AND tests)
    find_package(GTest REQUIRED)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE butai_${name} butai_warnings GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE BUTAI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
  if(BUTAI_TESTS AND benchs)
    find_package(benchmark REQUIRED)
    add_executable(${name}_bench ${benchs})
    target_link_libraries(${name}_bench PRIVATE butai_${name} butai_warnings benchmark::benchmark_main)
    set_target_properties(${name}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  endif()
  if(BUTAI_FUZZ)
    foreach(source ${fuzzs})
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} PRIVATE butai_${name} butai_warnings)
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    endforeach()
  endif()
endfunction()

# The two executables: butai (never links FFmpeg) and butai-worker (the only one that does).
function(butai_programs)
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/app/main.cc)
    add_executable(butai ${CMAKE_SOURCE_DIR}/src/app/main.cc)
    target_link_libraries(butai PRIVATE butai_app butai_warnings)
    # docs/decisions/0024. Sanitizers bring an allocator of their own.
    if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
      target_link_libraries(butai PRIVATE PkgConfig::JEMALLOC)
    endif()
    set_target_properties(butai PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  endif()
  file(GLOB worker_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/worker/ffmpeg/*.cc)
  if(worker_sources)
    add_executable(butai-worker ${worker_sources})
    target_link_libraries(butai-worker PRIVATE butai_worker butai_warnings PkgConfig::FFMPEG)
    set_target_properties(butai-worker PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    foreach(user worker_test worker_bench)  # they start it
      if(TARGET ${user})
        add_dependencies(${user} butai-worker)
      endif()
    endforeach()
  endif()
endfunction()

enable_testing()
