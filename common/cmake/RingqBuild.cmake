# RingqBuild.cmake - every build rule of this project, once.

set(RINGQ_SANITIZE "" CACHE STRING "Sanitizers, e.g. address;undefined")
option(RINGQ_WERROR "Treat warnings as errors (presets and CI only)" OFF)
option(RINGQ_FUZZ "Build the libFuzzer harnesses (clang only)" OFF)

# Failpoints (base/failpoint.h): in builds that are tested, never in what is installed.
set(failpoints OFF)
if(BUILD_TESTING AND CMAKE_BUILD_TYPE STREQUAL Debug)
  set(failpoints ON)
endif()
option(RINGQ_FAILPOINTS "Let tests end, hold up or fail ringqd at named places" ${failpoints})
if(RINGQ_FAILPOINTS AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  message(FATAL_ERROR "RINGQ_FAILPOINTS is for Debug builds")
endif()

# The language, the warnings and the hardening; linked PRIVATE by every target of ours.
add_library(ringq_flags INTERFACE)
add_library(ringq::flags ALIAS ringq_flags)
target_compile_features(ringq_flags INTERFACE c_std_17)
target_compile_definitions(ringq_flags INTERFACE _GNU_SOURCE
  $<$<BOOL:${RINGQ_FAILPOINTS}>:RINGQ_FAILPOINTS>
  $<$<AND:$<NOT:$<CONFIG:Debug>>,$<NOT:$<BOOL:${RINGQ_SANITIZE}>>>:_FORTIFY_SOURCE=2>)
target_compile_options(ringq_flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wformat=2
  -Wstrict-prototypes -Wmissing-prototypes -Wframe-larger-than=2048
  -Werror=int-conversion -Werror=implicit-function-declaration>
  -fvisibility=hidden -fno-omit-frame-pointer
  -fstack-protector-strong -fstack-clash-protection
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=branch>
  $<$<BOOL:${RINGQ_WERROR}>:-Werror>)
target_link_options(ringq_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(RINGQ_FUZZ)
  target_compile_options(ringq_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(RINGQ_SANITIZE)
  list(JOIN RINGQ_SANITIZE "," sanitizers)
  target_compile_options(ringq_flags INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all)
  target_link_options(ringq_flags INTERFACE -fsanitize=${sanitizers})
endif()

# A program with the property RINGQ_INLINED is optimised across all layers, and with -O3:
# ringqd needs a quarter fewer instructions a job.  The objects hold ordinary code as well, with which tests
# are linked in no time.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT RINGQ_SANITIZE
   AND CMAKE_BUILD_TYPE MATCHES "^Rel|^MinSize")
  set(RINGQ_FAT_OBJECTS -O3 -flto=auto -ffat-lto-objects)
  target_link_options(ringq_flags INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:RINGQ_INLINED>>,-flto=auto;-O2,-fno-lto>)
endif()

# Leaves ordinary code alone in an archive that is installed: the rest would bind its users
# to this very version of the compiler.
function(ringq_ordinary_archive target)
  if(RINGQ_FAT_OBJECTS)
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
      COMMAND ${CMAKE_OBJCOPY} --wildcard -R .gnu.lto_* -R .gnu.debuglto_* -N __gnu_lto_slim
              $<TARGET_FILE:${target}>)
  endif()
endfunction()

# ringq_layer(<name> SOURCES ... HEADERS ... USES <targets>)
# A static library whose headers are included as "<name>/<file>.h".
function(ringq_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;USES")
  add_library(ringq_${name} STATIC)
  add_library(ringq::${name} ALIAS ringq_${name})
  target_sources(ringq_${name}
    PRIVATE ${arg_SOURCES}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/..
           FILES ${arg_HEADERS})
  target_link_libraries(ringq_${name} PUBLIC ${arg_USES} PRIVATE ringq::flags)
  target_compile_options(ringq_${name} PRIVATE "$<$<COMPILE_LANGUAGE:C>:${RINGQ_FAT_OBJECTS}>")
  set_target_properties(ringq_${name} PROPERTIES C_EXTENSIONS OFF
    VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# ringq_test(<module> USES <targets> [SOURCES <helpers>]), called in tests/unit/<layer>:
# <module>_test.c becomes the program <layer>.<module>_test and the CTest unit.<layer>.<module>.
function(ringq_test module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;SOURCES")
  get_filename_component(layer ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(name ${layer}.${module})
  add_executable(${name}_test ${module}_test.c ${arg_SOURCES})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name}_test PRIVATE ${arg_USES} PkgConfig::CMOCKA ringq::flags)
  set_target_properties(${name}_test PROPERTIES C_EXTENSIONS OFF
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME unit.${name} COMMAND ${name}_test)
  # cmocka's own SIGSEGV handler would hide the sanitizer's report.
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT 60 LABELS unit
    ENVIRONMENT "ASAN_OPTIONS=handle_segv=2:detect_stack_use_after_return=0")
endfunction()

# ringq_lint(<name>): tests/lint/<name>.py becomes one CTest; 77 means skipped.
function(ringq_lint name)
  add_test(NAME lint.${name}
    COMMAND ${RINGQ_PYTHON} -B ${PROJECT_SOURCE_DIR}/tests/lint/${name}.py)
  set_tests_properties(lint.${name} PROPERTIES TIMEOUT 60 LABELS lint SKIP_RETURN_CODE 77)
endfunction()
