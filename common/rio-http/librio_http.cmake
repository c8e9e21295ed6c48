# librio_http.cmake - the installed library: component `http` of the package rio.
# rio::http is the shared one, rio::http_static the other; each stands on its librio.
add_library(rio_http_headers INTERFACE)
target_sources(rio_http_headers INTERFACE FILE_SET HEADERS
  BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include
  FILES ${CMAKE_CURRENT_SOURCE_DIR}/include/rio/http.h)
set_target_properties(rio_http_headers PROPERTIES EXPORT_NAME http_headers)

foreach(kind SHARED STATIC)
  string(TOLOWER ${kind} suffix)
  set(target librio_http_${suffix})
  add_library(${target} ${kind} $<TARGET_OBJECTS:ringq_base> $<TARGET_OBJECTS:ringq_rio-http>)
  target_link_libraries(${target} PUBLIC rio_http_headers librio_${suffix}
    PRIVATE $<BUILD_INTERFACE:ringq::flags>
            $<BUILD_INTERFACE:PkgConfig::CURL> $<INSTALL_INTERFACE:curl>
            $<BUILD_INTERFACE:PkgConfig::MICROHTTPD> $<INSTALL_INTERFACE:microhttpd>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME rio_http LINKER_LANGUAGE C)
endforeach()
ringq_ordinary_archive(librio_http_static)
add_library(rio::http ALIAS librio_http_shared)
add_library(rio::http_static ALIAS librio_http_static)
set_target_properties(librio_http_static PROPERTIES EXPORT_NAME http_static)
set_target_properties(librio_http_shared PROPERTIES EXPORT_NAME http
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/rio_http.map)
target_link_options(librio_http_shared PRIVATE
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/rio_http.map
  $<$<NOT:$<BOOL:${RINGQ_SANITIZE}>>:-Wl,--no-undefined>)

# ---- install: librio-http0 and librio-http-dev, beside librio0 and librio-dev ----
install(TARGETS librio_http_shared librio_http_static rio_http_headers EXPORT rio-httpTargets
  LIBRARY COMPONENT librio-http0 NAMELINK_COMPONENT librio-http-dev
  ARCHIVE COMPONENT librio-http-dev
  FILE_SET HEADERS COMPONENT librio-http-dev)
install(EXPORT rio-httpTargets NAMESPACE rio:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rio
  COMPONENT librio-http-dev)

# The prefix is found from where the .pc file lies, as for librio.
file(RELATIVE_PATH RIO_PC_UP /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" RIO_PC_UP "${RIO_PC_UP}")
configure_file(rio-http.pc.in rio-http.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rio-http.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT librio-http-dev)
