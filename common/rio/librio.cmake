# librio.cmake - the installed library: rio::rio is the shared one, rio::rio_static the
# other.  The objects of base are inside, so that users link one library.
include(CMakePackageConfigHelpers)

add_library(rio_headers INTERFACE)
target_sources(rio_headers INTERFACE FILE_SET HEADERS
  BASE_DIRS ${PROJECT_SOURCE_DIR}/common FILES ${CMAKE_CURRENT_SOURCE_DIR}/rio.h ${CMAKE_CURRENT_SOURCE_DIR}/sim.h)
set_target_properties(rio_headers PROPERTIES EXPORT_NAME headers)

foreach(kind SHARED STATIC)
  string(TOLOWER librio_${kind} target)
  add_library(${target} ${kind} $<TARGET_OBJECTS:ringq_base> $<TARGET_OBJECTS:ringq_rio>)
  target_link_libraries(${target} PUBLIC rio_headers
    PRIVATE Threads::Threads $<BUILD_INTERFACE:ringq::flags>
            $<BUILD_INTERFACE:PkgConfig::URING> $<INSTALL_INTERFACE:uring>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME rio LINKER_LANGUAGE C)
endforeach()
ringq_ordinary_archive(librio_static)
add_library(rio::rio ALIAS librio_shared)
add_library(rio::rio_static ALIAS librio_static)
set_target_properties(librio_static PROPERTIES EXPORT_NAME rio_static)
set_target_properties(librio_shared PROPERTIES EXPORT_NAME rio
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/rio.map)
target_link_options(librio_shared PRIVATE
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/rio.map
  $<$<NOT:$<BOOL:${RINGQ_SANITIZE}>>:-Wl,--no-undefined>)

# ---- install: librio0 holds what programs run with, librio-dev what they are built with ----
set(rio_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rio)
install(TARGETS librio_shared librio_static rio_headers EXPORT rioTargets
  LIBRARY COMPONENT librio0 NAMELINK_COMPONENT librio-dev
  ARCHIVE COMPONENT librio-dev
  FILE_SET HEADERS COMPONENT librio-dev)
install(EXPORT rioTargets NAMESPACE rio:: DESTINATION ${rio_package_dir}
  COMPONENT librio-dev)
configure_package_config_file(rioConfig.cmake.in rioConfig.cmake
  INSTALL_DESTINATION ${rio_package_dir})
write_basic_package_version_file(rioConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rioConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/rioConfigVersion.cmake
  DESTINATION ${rio_package_dir} COMPONENT librio-dev)

# The prefix is found from where the .pc file lies, as for libringq.
file(RELATIVE_PATH RIO_PC_UP /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" RIO_PC_UP "${RIO_PC_UP}")
configure_file(rio.pc.in rio.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rio.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT librio-dev)

# gdb loads it by itself with /usr/lib/.../librio.so.<version>; else it is sourced.
install(FILES gdb/librio-gdb.py
  DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}
  RENAME librio.so.${PROJECT_VERSION}-gdb.py COMPONENT librio-dev)

# The man page, where scdoc is at hand.
find_program(RINGQ_SCDOC scdoc)
if(RINGQ_SCDOC)
  set(man_source ${PROJECT_SOURCE_DIR}/docs/man/rio.7.scd)
  add_custom_command(OUTPUT rio.7 VERBATIM DEPENDS ${man_source}
    COMMAND sh -c "'${RINGQ_SCDOC}' < '${man_source}' > rio.7")
  add_custom_target(librio_man ALL DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/rio.7)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rio.7
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT librio-dev)
endif()
